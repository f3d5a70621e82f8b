import { writeFileSync } from "node:fs";
import { dumpSchema, SCHEMA_FILE } from "./lib/schema.ts";

writeFileSync(SCHEMA_FILE, dumpSchema());
