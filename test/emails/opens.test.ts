import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { openedBy } from "../../src/emails/opens.ts";
import { abortOn, dropFaults } from "../db/triggers.ts";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { stage } from "../deliveries/stage.ts";
import { queryAll, rowCounts, send } from "../helpers.ts";
import { clearMail, emailRows, mailbox, newestEmail, postOffice, receive } from "./mailbox.ts";

const AT = "2026-11-20T15:04:05.123Z";
const PERSON = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)";

let office: Awaited<ReturnType<typeof postOffice>>;

beforeAll(async () => {
  office = await postOffice();
});

beforeEach(clearMail);
afterEach(async () => {
  vi.restoreAllMocks();
  await dropFaults();
});

const as = (agent: string | null, method = "GET", headers: Record<string, string> = {}): RequestInit => ({
  method,
  headers: { ...(agent !== null && { "user-agent": agent }), ...headers },
});

describe("the pixel", () => {
  const GIF = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==";
  const UNKNOWN = [
    "AAAAAAAAAAAAAAAAAAAAAA.gif",
    "x.gif",
    ".gif",
    "AAAAAAAAAAAAAAAAAAAAAA.png",
    `${"a".repeat(500)}.gif`,
    "%00.gif",
    "'--.gif",
  ];

  async function expectPixel(response: Response) {
    expect(response.status).toBe(200);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect([bytes.length, bytes.toString("base64")]).toEqual([43, GIF]);
    const headers = ["content-type", "cache-control", "cross-origin-resource-policy", "set-cookie"];
    expect(headers.map((name) => response.headers.get(name))).toEqual(["image/gif", "no-store", "cross-origin", null]);
  }

  test("is 43 bytes of GIF that nobody keeps, and counts an open", async () => {
    const { pixel } = await receive(office);
    await expectPixel(await office.on.app.request(pixel, as(PERSON)));
    expect(await newestEmail()).toMatchObject({ opened_at: AT, open_count: 1, opened_by: "person" });
  });

  test.each(UNKNOWN)("is the same for the unknown token %s, with no write", async (name) => {
    await receive(office);
    const before = [await rowCounts(), await emailRows()];
    const { database, take } = countedDatabase(env.DB);
    await expectPixel(await stage({ settings: { DB: database } }).app.request(`/t/${name}`, as(PERSON)));
    expect([await rowCounts(), await emailRows()]).toEqual(before);
    // Only what could be a token is looked up.
    expect(take().statements).toBe(name === UNKNOWN[0] ? 1 : 0);
  });

  test("HEAD counts nothing", async () => {
    const { pixel } = await receive(office);
    const response = await office.on.app.request(pixel, as(PERSON, "HEAD"));
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
      200,
      "image/gif",
      "",
    ]);
    expect(await newestEmail()).toMatchObject({ opened_at: null, open_count: 0, opened_by: null });
  });

  test("a thousand opens keep the first time, count to a thousand, one statement each", async () => {
    const { pixel } = await receive(office);
    const { database, take } = countedDatabase(env.DB);
    const on = stage({ settings: { DB: database } });
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 50 }, () => on.app.request(pixel, as(PERSON))));
      on.advance(60);
    }
    expect(take()).toMatchObject({ statements: 1000, trips: 1000 });
    expect(await newestEmail()).toMatchObject({ opened_at: AT, open_count: 1000, opened_by: "person" });
  });

  test("what is known about the reader only gets better, and machines do not count as opened", async () => {
    const { on, shop } = office;
    const { pixel } = await receive(office);
    const opened = async () => {
      const { emails } = (await (await on.app.request("/api/emails", send(shop.supervisor))).json()) as {
        emails: { opened_count: number; recipients: { opened_by: string; open_count: number }[] }[];
      };
      return [emails[0]?.recipients[0]?.opened_by, emails[0]?.recipients[0]?.open_count, emails[0]?.opened_count];
    };
    const seen = [];
    for (const agent of ["Mozilla/5.0", null, "Mozilla/5.0", PERSON, "Mozilla/5.0", null]) {
      await on.app.request(pixel, as(agent));
      seen.push(await opened());
    }
    expect(seen).toEqual([
      ["machine", 1, 0],
      ["unknown", 2, 1],
      ["unknown", 3, 1],
      ["person", 4, 1],
      ["person", 5, 1],
      ["person", 6, 1],
    ]);
  });

  test("keeps nothing about who fetched it, in the database or the log", async () => {
    const log: string[] = [];
    for (const level of ["debug", "info", "warn", "error"] as const) {
      vi.spyOn(console, level).mockImplementation((line) => void log.push(String(line)));
    }
    const { token, pixel, link } = await receive(office);
    const { app } = stage({ settings: { LOG_LEVEL: "debug", EMAIL: mailbox().EMAIL } });
    const client = { "cf-connecting-ip": "203.0.113.77", referer: "https://mail.example/inbox", cookie: "a=b" };
    await app.request(pixel, as("Agent-of-the-reader/1.0", "GET", client));
    await app.request(link, as("Agent-of-the-reader/1.0", "POST", client));
    await app.request(pixel.replace("/t/", "/t/%0A"), as("Agent-of-the-reader/1.0", "GET", client));
    expect(log.map((line) => (JSON.parse(line) as { path: string }).path)).toEqual(["/t/", "/u/", "/t/"]);
    const tables = await queryAll<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE TABLE%' AND name NOT LIKE '\\_%' ESCAPE '\\'",
    );
    const stored = await Promise.all(tables.map(({ name }) => queryAll(`SELECT * FROM "${name}"`)));
    for (const text of [JSON.stringify(stored), log.join()])
      expect(text).not.toMatch(/203\.0\.113|mail\.example|Agent-of/);
    expect(log.join()).not.toContain(token);
  });

  test("comes also when the database fails", async () => {
    const { pixel } = await receive(office);
    await abortOn("UPDATE", "email_history");
    await expectPixel(await office.on.app.request(pixel, as(PERSON)));
    const broken = new Proxy(env.DB, {
      get() {
        throw new Error("D1_ERROR: Network connection lost");
      },
    });
    const settings = { DB: broken, PABBLY_WEBHOOK_URL: "https://connect.pabbly.com/workflow/1" };
    await expectPixel(await stage({ settings }).app.request(pixel, as(PERSON)));
  });

  test.each<[string, string | null, string]>([
    ["Apple's proxy", "Mozilla/5.0", "machine"],
    [
      "Gmail's proxy",
      "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
      "machine",
    ],
    [
      "Gmail before anybody looks",
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0",
      "machine",
    ],
    [
      "Gmail's sampling",
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Gmail-content-sampling",
      "machine",
    ],
    [
      "an old Edge",
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246",
      "person",
    ],
    ["Yahoo's proxy", "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", "machine"],
    ["Barracuda", "Mozilla/5.0 (compatible; BarracudaCentral/1.0)", "machine"],
    ["Mimecast", "Mimecast-URL-Scanner/2.0", "machine"],
    ["Proofpoint", "Mozilla/5.0 (X11; Linux x86_64) Proofpoint TAP", "machine"],
    ["curl", "curl/8.5.0", "machine"],
    ["a crawler", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "machine"],
    [
      "a headless browser",
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36",
      "machine",
    ],
    ["Apple Mail without the proxy", PERSON, "person"],
    [
      "an iPhone",
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
      "person",
    ],
    [
      "Outlook",
      "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; Trident/7.0; Microsoft Outlook 16.0.17628; ms-office; MSOffice 16)",
      "person",
    ],
    ["Outlook for Mac", "Microsoft Office/16.86 (Macintosh; macOS 14.5; Microsoft Outlook)", "person"],
    ["Outlook on a phone", "Outlook-iOS/2.0", "person"],
    [
      "the new Outlook for Windows",
      "Mozilla/5.0 (Windows NT 10.0) Chrome/126.0.0.0 Safari/537.36 OneOutlook/1.2024",
      "person",
    ],
    ["Thunderbird", "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.12.0", "person"],
    [
      "a browser",
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
      "person",
    ],
    ["nothing", null, "unknown"],
    ["blanks", "  ", "unknown"],
  ])("is fetched by %s", (_, agent, by) => {
    const headers = new Headers(agent === null ? {} : { "user-agent": agent });
    expect(openedBy(headers)).toBe(by);
    headers.set("sec-purpose", "prefetch;prerender");
    expect(openedBy(headers)).toBe("machine");
  });
});
