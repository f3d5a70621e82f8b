import { writeFileSync } from "node:fs";
import { writeGeneratedFiles } from "./lib/generated.ts";
import { rebuildFile } from "./lib/rebuild-file.ts";

const [name, ...tables] = process.argv.slice(2);
if (!name) {
  console.error("Usage: npm run db:rebuild -- <name of the migration> [tables…]");
  process.exit(2);
}
try {
  const made = rebuildFile(name, tables);
  if (made) {
    writeFileSync(made.file, made.text);
    writeGeneratedFiles();
    console.log(`${made.file} makes anew: ${made.tables.join(", ")}.
For more than the words of src/vocabulary, edit the CREATE TABLE statements in it and run this command again; where a
column needs other values than it has, say so in a second line, in SQL over the old row:
-- Values: {"tickets": {"title": "upper(title)"}}
Once it has been applied to a database that is to stay, it is not changed any more.`);
  } else console.log("The schema has the words of src/vocabulary. To change a table by hand, name it.");
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
