import { layOutWeb } from "./lib/assets.ts";

// Builds the app into dist/assets if it is not there as it stands in src/web.
await layOutWeb();
