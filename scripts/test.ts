import { run } from "./lib/shell.ts";

run("vitest", ["run", ...process.argv.slice(2)]);
