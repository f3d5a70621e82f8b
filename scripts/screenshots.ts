import { run } from "./lib/shell.ts";

// A browser's own types do not go with the Worker's, so that what drives it stands among the tests of the app.
run(process.execPath, ["test/e2e/screenshots.ts", ...process.argv.slice(2)]);
