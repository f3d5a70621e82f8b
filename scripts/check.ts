import { outdatedFiles } from "./lib/generated.ts";
import { lintDocument, servedDocument } from "./lib/openapi.ts";
import { run } from "./lib/shell.ts";

// The Worker, the app and its service worker run in different places, which have different globals.
for (const project of [".", "src/web", "src/web/sw"]) run("tsc", ["--noEmit", "--project", project]);
run("biome", ["ci", "--error-on-warnings"]);
run("depcruise", ["src", "scripts", "bench", "--config", ".dependency-cruiser.mjs"]);

const outdated = outdatedFiles();
if (outdated.length > 0) {
  console.error(`Not what migrations/ make: ${outdated.join(", ")}. Run \`npm run db:schema\` and commit the result.`);
  process.exit(1);
}

const faults = await lintDocument(servedDocument());
if (faults.length > 0) {
  console.error(`The OpenAPI document has faults:\n${faults.join("\n")}`);
  process.exit(1);
}
console.log("Types, lint, import structure, generated files and OpenAPI document are in order.");
