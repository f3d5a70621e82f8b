import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { axe, open, overflow, settle, signIn } from "./app.ts";
import { PHONE, type Phone, takePhone, type Visit } from "./browser.ts";
import { workOfAMorning } from "./demo-work.ts";
import { openShop, type Shop } from "./shop.ts";

// Point 12: whoever looks at it, however they look at it.

let shop: Shop;
let phone: Phone;
let visit: Visit;
let paths: string[];

/** What somebody would write who means no good; each must come out as it went in. */
const HOSTILE = `<img src=x onerror=alert(1)>"'><script>alert(2)</script>\u202e${"W".repeat(60)}`;

beforeAll(async () => {
  [shop, phone] = await Promise.all([openShop(), takePhone()]);
  const { stopped } = await workOfAMorning(shop);
  const hostile = await shop.report("supervisor", {
    title: HOSTILE,
    description: HOSTILE,
    reporter_name: HOSTILE.slice(0, 90),
    machine_id: 5,
    assigned_to: 3,
  });
  await shop.api("supervisor", "POST", `/api/tickets/${hostile}/comments`, { body: HOSTILE });
  const form = new FormData();
  form.set("file", new Blob(["%PDF-1.4\n%%EOF"], { type: "application/pdf" }), `${HOSTILE.replaceAll("/", "")}.pdf`);
  await shop.api("technician", "POST", `/api/tickets/${hostile}/attachments`, form);
  paths = [
    "/",
    `/tickets/${stopped}`,
    `/tickets/${hostile}`,
    "/tickets/CNC-0101-0001",
    "/more",
    "/settings",
    "/desk",
    "/no/such/page",
  ];
  visit = await phone.visit();
  await open(visit.page, shop, "/");
});
afterAll(async () => {
  await phone?.close();
  await shop?.close();
});

async function shown(path: string): Promise<void> {
  await open(visit.page, shop, path);
  await visit.page.waitForFunction(() => document.querySelector("[aria-busy]") === null);
}

const WAYS = [
  { language: "en", theme: "light", size: "normal" },
  { language: "fr", theme: "dark", size: "glove" },
];

describe.each(WAYS)("$language, $theme, $size", (way) => {
  test("signing in: nothing that axe would mend, nothing beyond the edge", async () => {
    await settle(visit.page, { ...way });
    expect(await axe(visit.page)).toEqual([]);
    await visit.page.setViewport({ ...PHONE, width: 320 });
    expect(await overflow(visit.page)).toBe(0);
    await visit.page.setViewport(PHONE);
  });

  test("every page: nothing that axe would mend, nothing beyond the edge at 320 px and at twice the text", async () => {
    const { page } = visit;
    await signIn(page, shop, "technician");
    await page.waitForSelector(".bar");
    await settle(page, { ...way });
    for (const path of paths) {
      await shown(path);
      expect([path, await axe(page)]).toEqual([path, []]);
      await page.setViewport({ ...PHONE, width: 320 });
      expect([path, "320 px", await overflow(page)]).toEqual([path, "320 px", 0]);
      await page.evaluate(() => {
        document.documentElement.style.fontSize = "212.5%";
      });
      await page.setViewport(PHONE);
      expect([path, "200 %", await overflow(page)]).toEqual([path, "200 %", 0]);
    }
    await page.evaluate(() => fetch("/api/auth/sign-out", { method: "POST" }));
    await page.evaluate(() => localStorage.clear());
    await open(page, shop, "/");
  });
});

test("whatever is pressed is large enough, at least 48 px apart from links within a text", async () => {
  const { page } = visit;
  await signIn(page, shop, "technician");
  await page.waitForSelector(".bar");
  for (const path of paths.slice(0, 7)) {
    await shown(path);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll("main button, main a, main summary, .bar a, .header a")]
        .map((element) => {
          const own = element.getBoundingClientRect();
          const card = element.matches(".card-link") ? element.closest(".card")?.getBoundingClientRect() : undefined;
          return { text: element.textContent, height: (card ?? own).height, width: (card ?? own).width };
        })
        .filter(({ height, width }) => height < 47.5 || width < 47.5),
    );
    expect([path, small]).toEqual([path, []]);
  }
});

test("whatever people write is shown as they wrote it, and does nothing", async () => {
  const { page, offences } = visit;
  await shown(paths[2] ?? "");
  const text = await page.evaluate(() => document.body.textContent);
  expect(text?.split(HOSTILE).length).toBeGreaterThan(2);
  expect(await page.$("main img[src=x], main script")).toBeNull();
  expect(offences).toEqual([]);
});
