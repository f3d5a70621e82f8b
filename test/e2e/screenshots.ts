import { mkdirSync, rmSync, statSync } from "node:fs";
import { buildAssets } from "../../scripts/lib/assets.ts";
import { open, settle, signIn } from "./app.ts";
import { type Page, takePhone } from "./browser.ts";
import { workOfAMorning } from "./demo-work.ts";
import { openShop, type Role, type Shop } from "./shop.ts";

// Draws every page as a phone shows it: both languages, both themes, both sizes. Names of pages as arguments: only those.
const TARGET = "docs/screenshots";

interface Picture {
  name: string;
  /** null: nobody is signed in. */
  as: Role | null;
  path: (numbers: Awaited<ReturnType<typeof workOfAMorning>>) => string;
  /** What is done to the page before it is drawn. */
  prepare?: (page: Page, shop: Shop) => Promise<unknown>;
}

const PICTURES: Picture[] = [
  { name: "sign-in", as: null, path: () => "/sign-in" },
  {
    name: "sign-in-refused",
    as: null,
    path: () => "/sign-in",
    prepare: async (page, shop) => {
      // Somebody else each time: guesses at one account are held up.
      await signIn(page, shop, `${crypto.randomUUID()}@shopfloor.example`, "not the password");
      await page.waitForSelector(".field-error");
    },
  },
  { name: "queue", as: "technician", path: () => "/" },
  {
    name: "queue-no-network",
    as: "technician",
    path: () => "/",
    prepare: async (page, shop) => {
      await page.waitForSelector(".card-link");
      shop.network.down();
      await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
      await page.waitForSelector(".banner");
    },
  },
  { name: "queue-empty", as: "admin", path: () => "/" },
  { name: "reports", as: "operator", path: () => "/" },
  { name: "ticket", as: "technician", path: ({ stopped }) => `/tickets/${stopped}` },
  {
    name: "ticket-history",
    as: "technician",
    path: ({ stopped }) => `/tickets/${stopped}`,
    prepare: async (page) => {
      await page.waitForSelector(".timeline");
      await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    },
  },
  { name: "ticket-missing", as: "technician", path: () => "/tickets/CNC-0101-0001" },
  { name: "more", as: "technician", path: () => "/more" },
  { name: "settings", as: "technician", path: () => "/settings" },
  { name: "not-allowed", as: "technician", path: () => "/desk" },
];

const LANGUAGES = ["en", "fr"] as const;
const THEMES = ["light", "dark"] as const;
const SIZES = ["normal", "glove"] as const;

async function draw(page: Page, file: string): Promise<void> {
  await page.waitForFunction(() => document.querySelector("[aria-busy]") === null);
  await page.waitForNetworkIdle({ idleTime: 150, timeout: 3000 }).catch(() => undefined);
  await page.screenshot({ path: file as `${string}.webp`, type: "webp", quality: 60 });
}

const wanted = process.argv.slice(2);
const pictures = PICTURES.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
buildAssets();
if (wanted.length === 0) rmSync(TARGET, { recursive: true, force: true });
mkdirSync(TARGET, { recursive: true });

const shop = await openShop();
const numbers = await workOfAMorning(shop);
let bytes = 0;
for (const as of new Set(pictures.map((picture) => picture.as))) {
  const phone = await takePhone();
  const { page } = await phone.visit();
  await open(page, shop, "/");
  if (as) {
    await signIn(page, shop, as);
    await page.waitForSelector(".bar");
  }
  for (const language of LANGUAGES) {
    for (const theme of THEMES) {
      for (const size of SIZES) {
        await settle(page, { language, theme, size });
        for (const picture of pictures.filter((picture) => picture.as === as)) {
          await open(page, shop, picture.path(numbers));
          await picture.prepare?.(page, shop);
          const file = `${TARGET}/${picture.name}-${language}-${theme}${size === "glove" ? "-glove" : ""}.webp`;
          await draw(page, file);
          bytes += statSync(file).size;
          shop.network.up();
        }
      }
    }
  }
  await phone.close();
}
await shop.close();
console.log(`Drew ${pictures.length * 8} pictures, ${Math.round(bytes / 1024)} KiB.`);
