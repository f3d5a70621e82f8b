import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { heading, open, press, says, signIn } from "./app.ts";
import { type Phone, takePhone, type Visit } from "./browser.ts";
import { openShop, type Shop } from "./shop.ts";

// What holds for the app as a whole, whatever is on its pages.

const FIRST_LOAD_GZIP_KIB = 45;
let shop: Shop;
let phone: Phone;

beforeAll(async () => {
  [shop, phone] = await Promise.all([openShop(), takePhone()]);
});
afterAll(async () => {
  await phone?.close();
  await shop?.close();
});

/** A tab of its own, which must have done nothing wrong by the end. */
async function visiting(use: (visit: Visit) => Promise<void>): Promise<void> {
  const visit = await phone.visit();
  await use(visit);
  expect(visit.offences).toEqual([]);
  await visit.page.close();
}

test("1: pages are the app under its policy, and what is missing is 404", async () => {
  for (const path of ["/", "/m/x", "/tickets/x", "/desk", "/sign-in", "/settings"]) {
    const response = await fetch(shop.origin + path);
    expect([path, response.status, response.headers.get("content-type")]).toEqual([
      path,
      200,
      expect.stringMatching(/^text\/html/),
    ]);
    expect(response.headers.get("content-security-policy")).toContain("require-trusted-types-for 'script'");
  }
  for (const path of ["/assets/none.js", "/assets/", "/nothing"])
    expect((await fetch(shop.origin + path)).status).toBe(404);
});

test(`1: the first page loads at most ${FIRST_LOAD_GZIP_KIB} KiB of scripts in gzip before it can be used`, () =>
  visiting(async ({ page }) => {
    const scripts = new Map<string, number>();
    page.on("response", async (response) => {
      if (response.request().resourceType() === "script")
        scripts.set(response.url(), gzipSync(await response.buffer()).length);
    });
    await open(page, shop, "/");
    await page.waitForNetworkIdle({ idleTime: 300 });
    expect(scripts.size).toBeGreaterThan(0);
    const sum = [...scripts.values()].reduce((total, size) => total + size, 0);
    expect(sum / 1024).toBeLessThanOrEqual(FIRST_LOAD_GZIP_KIB);
  }));

test("signing in takes the keyboard alone, and a wrong password is said at its field", () =>
  visiting(async ({ page }) => {
    await open(page, shop, "/settings");
    await page.goto(`${shop.origin}/`);
    await heading(page, "Sign in");
    await signIn(page, shop, "technician", "not the password");
    await page.waitForSelector(".field-error");
    const focused = await page.evaluate(() => {
      const field = document.activeElement as HTMLInputElement;
      const described = (field.getAttribute("aria-describedby") ?? "").split(" ");
      return {
        name: field.name,
        invalid: field.getAttribute("aria-invalid"),
        said: described.map((id) => document.getElementById(id)?.innerText),
      };
    });
    expect(focused).toEqual({
      name: "password",
      invalid: "true",
      said: ["The e-mail address or the password is wrong."],
    });
    expect(await page.$eval("input[name=email]", (input) => (input as HTMLInputElement).value)).toBe(
      "technician@shopfloor.example",
    );
    // The wrong one is marked: typing replaces it.
    await page.keyboard.type("shopfloor-demo");
    await page.keyboard.press("Enter");
    await heading(page, "My work");
    expect(await page.title()).toBe("My work · Shopfloor Tickets");
  }));

test("after a change of page the heading has the focus, and back leads back", () =>
  visiting(async ({ page }) => {
    await open(page, shop, "/");
    await press(page, "More");
    await heading(page, "More");
    await press(page, "Settings");
    await heading(page, "Settings");
    await page.waitForFunction(() => document.activeElement?.tagName === "H1");
    expect(await page.title()).toBe("Settings · Shopfloor Tickets");
    await press(page, "Back");
    await heading(page, "More");
    await page.waitForFunction(() => document.activeElement?.tagName === "H1");
  }));

test("a page for others says so, and fetches nothing of theirs", () =>
  visiting(async ({ page }) => {
    await open(page, shop, "/");
    await page.waitForNetworkIdle({ idleTime: 300 });
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.evaluate(() => {
      const link = document.createElement("a");
      link.href = "/desk";
      document.body.append(link);
      link.click();
      link.remove();
    });
    await heading(page, "This is for supervisors");
    await page.waitForNetworkIdle({ idleTime: 300 });
    expect(asked.filter((path) => path.startsWith("/api/") || path.startsWith("/assets/"))).toEqual([]);
  }));

test("without a network the app opens, also on a page that it has not shown before", () =>
  visiting(async ({ page }) => {
    await open(page, shop, "/");
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    shop.network.down();
    await open(page, shop, "/settings");
    await heading(page, "Settings");
    await open(page, shop, "/");
    await says(page, "No network");
    shop.network.up();
    await press(page, "Try again");
    await says(page, "Nothing for you right now.");
    expect(await page.evaluate(() => document.body.innerText)).not.toContain("No network");
  }));

test("when the session ends, reading goes on until one signs in again", () =>
  visiting(async ({ page }) => {
    const title = "Belt slips";
    await shop.report("supervisor", { title, machine_id: 2, assigned_to: 3 });
    await open(page, shop, "/");
    await says(page, title);
    // Signing out elsewhere with this very session, as an administrator's "end all sessions" does.
    await page.evaluate(() => fetch("/api/auth/sign-out", { method: "POST" }));
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await says(page, "Your session has ended");
    await says(page, title);
    await press(page, "Sign in");
    await says(page, "Sign in again as Tara Technician");
    expect(await page.$eval("input[name=email]", (input) => (input as HTMLInputElement).value)).toBe(
      "technician@shopfloor.example",
    );
    await page.type("input[name=password]", "shopfloor-demo");
    await page.keyboard.press("Enter");
    await heading(page, "My work");
    await says(page, title);
    expect(await page.evaluate(() => document.body.innerText)).not.toContain("has ended");
  }));

test("signing out ends the session, and the next person sees nothing of the first", () =>
  visiting(async ({ page }) => {
    await open(page, shop, "/settings");
    await press(page, "Sign out");
    await heading(page, "Sign in");
    expect(await page.evaluate(async () => (await fetch("/api/me")).status)).toBe(401);
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain("Tara");
    await signIn(page, shop, "operator");
    await heading(page, "Mes signalements");
    expect(await page.evaluate(() => document.body.innerText)).not.toContain("Belt slips");
  }));
