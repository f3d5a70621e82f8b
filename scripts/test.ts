import { buildAssets } from "./lib/assets.ts";
import { run } from "./lib/shell.ts";

buildAssets();
run("vitest", ["run", ...process.argv.slice(2)]);
