import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../receivers/client.ts";
import { heading, open, press, says, signIn } from "./app.ts";
import { type Page, type Phone, takePhone, type Visit } from "./browser.ts";
import { openShop, type Shop } from "./shop.ts";

// Point 10: newer versions while the app is open, and the way out.

const folder = mkdtempSync(join(tmpdir(), "shopfloor-assets-"));
let shop: Shop;
let phone: Phone;
let visit: Visit;

/** Builds the app under this name into the served folder. */
function build(version: string, settings: Record<string, string> = {}): void {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/web.ts", "--to", folder, "--version", version], {
    encoding: "utf8",
    env: { ...process.env, NODE_ENV: "production", NODE_NO_WARNINGS: "1", ...settings },
  });
  if (status !== 0) throw new Error(stderr);
}

/**
 * The same while the Worker serves it; answers once it does. A file that it served before is served anew at once, and one
 * that is new only after `wrangler dev` has listed the folder again.
 */
async function deploy(version: string, settings: Record<string, string> = {}): Promise<void> {
  build(version, settings);
  const served = async (file: string) => {
    const response = await fetch(`${shop.origin}/${file}`).catch(() => null);
    return response?.ok === true && (await response.text()) === readFileSync(join(folder, file), "utf8");
  };
  for (const file of globSync(["sw.js", "assets/*"], { cwd: folder })) await until(() => served(file), 30_000);
}

const lookForUpdate = (page: Page) =>
  page.evaluate(async () => void (await (await navigator.serviceWorker.getRegistration())?.update()));

beforeAll(async () => {
  build("one");
  [shop, phone] = await Promise.all([openShop(folder), takePhone()]);
  visit = await phone.visit();
  await open(visit.page, shop, "/");
  await signIn(visit.page, shop, "technician");
  await visit.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
});
afterAll(async () => {
  await phone?.close();
  await shop?.close();
  rmSync(folder, { recursive: true, force: true });
});

test("10: an open page goes on with its own files, also with those that it loads only afterwards", async () => {
  const { page } = visit;
  await heading(page, "My work");
  await deploy("two");
  await lookForUpdate(page);
  await says(page, "New version");
  await press(page, "More");
  await heading(page, "More");
  await press(page, "Settings");
  await says(page, "Version one");
});

test("10: Reload shows the newer one, with one reload", async () => {
  const { page } = visit;
  let loads = 0;
  page.on("load", () => loads++);
  await press(page, "Reload");
  await says(page, "Version two");
  // A loop of reloads would go on at once.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(loads).toBe(1);
  expect(await page.evaluate(() => document.body.innerText)).not.toContain("New version");
});

test("10: it takes over by itself at the next start, where no other page is open", async () => {
  await deploy("three");
  await lookForUpdate(visit.page);
  await says(visit.page, "New version");
  const next = await phone.visit();
  await visit.page.close();
  visit = next;
  await open(visit.page, shop, "/settings");
  await says(visit.page, "Version three");
  expect(visit.offences).toEqual([]);
});

test("the way out removes the service worker and all that it kept, and none comes back", async () => {
  await deploy("four", { SERVICE_WORKER: "off" });
  const { page } = visit;
  await lookForUpdate(page).catch(() => undefined);
  await says(page, "Version four");
  const left = () =>
    page.evaluate(async () => ({
      registrations: (await navigator.serviceWorker.getRegistrations()).length,
      caches: await caches.keys(),
    }));
  expect(await left()).toEqual({ registrations: 0, caches: [] });
  await page.reload();
  await says(page, "Version four");
  expect(await left()).toEqual({ registrations: 0, caches: [] });
});
