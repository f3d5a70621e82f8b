import { parseArgs } from "node:util";
import { layOutWeb, placeWeb } from "./lib/assets.ts";
import { buildWeb } from "./lib/web.ts";

// Builds the app into dist/assets if it is not there as it stands in src/web. `--to <folder> --version <name>`: builds it
// under another name into another folder, in the place of the version that is there.
const { values } = parseArgs({ options: { to: { type: "string" }, version: { type: "string", default: "" } } });
if (values.to) placeWeb(values.to, await buildWeb(values.version));
else await layOutWeb();
