import { watchWeb } from "./lib/assets.ts";

// `npm start`, and the app is built anew whenever its sources change: reload the page to see it.
await import("./start.ts");
watchWeb();
