import { readFileSync } from "node:fs";
import type { Result } from "axe-core";
import type { Page } from "./browser.ts";
import { DEMO_PASSWORD, EMAILS, type Role, type Shop } from "./shop.ts";

/** Opens an address of the app and waits until its page is there. */
export async function open(page: Page, shop: Shop, path: string): Promise<void> {
  await page.goto(shop.origin + path);
  await page.waitForSelector("h1");
}

/** Waits until the heading of the page says this. */
export const heading = (page: Page, text: string): Promise<unknown> =>
  page.waitForFunction((wanted) => document.querySelector("h1")?.textContent === wanted, {}, text);

/** Waits until these words are on the page. */
export const says = (page: Page, text: string): Promise<unknown> =>
  page.waitForFunction((wanted) => document.body.innerText.includes(wanted), {}, text);

/** Presses the button or link that is called so. */
export async function press(page: Page, name: string): Promise<void> {
  await page.locator(`::-p-aria([name="${name}"])`).click();
}

/** Signs somebody in, from the page that asks for it: one of the demo people, or whoever has this address. */
export async function signIn(
  page: Page,
  shop: Shop,
  as: Role | `${string}@${string}`,
  password = DEMO_PASSWORD,
): Promise<void> {
  await page.bringToFront();
  if (!page.url().startsWith(shop.origin)) await open(page, shop, "/");
  await page.waitForSelector("input[name=email]");
  await page.$eval("input[name=email]", (input) => {
    (input as HTMLInputElement).value = "";
  });
  await page.type("input[name=email]", as in EMAILS ? EMAILS[as as Role] : as);
  await page.type("input[name=password]", password);
  await page.keyboard.press("Enter");
}

/** Chooses settings of the phone as if that had been done before, and loads the page anew. */
export async function settle(
  page: Page,
  settings: { theme?: string; language?: string; size?: string },
): Promise<void> {
  await page.evaluate((chosen) => {
    for (const [name, value] of Object.entries(chosen))
      localStorage.setItem(`shopfloor.${name}`, JSON.stringify(value));
  }, settings);
  await page.reload();
  await page.waitForSelector("h1");
}

const AXE = readFileSync("node_modules/axe-core/axe.min.js", "utf8");

/** Everything that axe finds wrong with the page, in one line each. Empty when nothing is. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const violations = (await page.evaluate(
    `axe.run({ resultTypes: ["violations"] }).then((result) => result.violations)`,
  )) as Result[];
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

/** How many CSS pixels the page is wider than its window. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
