import { afterAll, beforeAll, expect, test } from "vitest";
import { axe, heading, open, overflow, says, signIn } from "./app.ts";
import { type Phone, takePhone, type Visit } from "./browser.ts";
import { workOfAMorning } from "./demo-work.ts";
import { openShop, type Shop } from "./shop.ts";

// The same app in the other engine.

let shop: Shop;
let phone: Phone;
let visit: Visit;
let stopped: string;

beforeAll(async () => {
  [shop, phone] = await Promise.all([openShop(), takePhone({ browser: "firefox" })]);
  ({ stopped } = await workOfAMorning(shop));
  visit = await phone.visit();
});
afterAll(async () => {
  await phone?.close();
  await shop?.close();
});

test("sign in, see the queue, open a ticket: under the policy, without a fault", async () => {
  const { page, offences } = visit;
  await open(page, shop, "/");
  await signIn(page, shop, "technician");
  await heading(page, "My work");
  await says(page, "Spindle vibrates above 8,000 rpm");
  expect(await axe(page)).toEqual([]);
  await page.click(`a[href="/tickets/${stopped}"]`);
  await heading(page, stopped);
  await says(page, "Marc has a spare bearing set in Hall B.");
  expect(await overflow(page)).toBe(0);
  expect(await axe(page)).toEqual([]);
  expect(offences).toEqual([]);
});

test("it opens without a network", async () => {
  const { page } = visit;
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  shop.network.down();
  await open(page, shop, "/settings");
  await heading(page, "Settings");
  shop.network.up();
});
