import { existsSync } from "node:fs";
import { run } from "./lib/shell.ts";

// The app in real browsers. `npm run test:e2e -- test/e2e/sign-in.test.ts` runs a part.
const missing = ["/usr/bin/chromium", "/usr/bin/firefox-esr"].filter((browser) => !existsSync(browser));
if (missing.length > 0) {
  console.error(
    `Not there: ${missing.join(", ")}. On Debian: ` +
      "apt-get install --no-install-recommends chromium firefox-esr fonts-liberation",
  );
  process.exit(1);
}
run("vitest", ["run", "--config", "vitest.e2e.config.ts", ...process.argv.slice(2)]);
