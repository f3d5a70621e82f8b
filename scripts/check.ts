import { readFileSync } from "node:fs";
import { lintDocument, servedDocument } from "./lib/openapi.ts";
import { dumpSchema, SCHEMA_FILE } from "./lib/schema.ts";
import { run } from "./lib/shell.ts";

run("tsc", ["--noEmit"]);
run("biome", ["ci", "--error-on-warnings"]);
run("depcruise", ["src", "scripts", "bench", "--config", ".dependency-cruiser.mjs"]);

if (readFileSync(SCHEMA_FILE, "utf8") !== dumpSchema()) {
  console.error("schema.sql differs from what migrations/ make: run `npm run db:schema` and commit the result.");
  process.exit(1);
}

const faults = await lintDocument(servedDocument());
if (faults.length > 0) {
  console.error(`The OpenAPI document has faults:\n${faults.join("\n")}`);
  process.exit(1);
}
console.log("Types, lint, import structure, schema and OpenAPI document are in order.");
