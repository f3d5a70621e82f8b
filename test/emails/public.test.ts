import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { openedBy } from "../../src/emails/opens.ts";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { stage } from "../deliveries/stage.ts";
import { abortOn, dropFaults } from "../faults/triggers.ts";
import { execute, queryAll, rowCounts, send } from "../helpers.ts";
import { addCustomer, clearMail, emailRows, mailbox, newestEmail, postEmail, postOffice, prefer } from "./mailbox.ts";

// What people who get e-mails meet: the pixel in them and the page behind their opt-out link.

const AT = "2026-11-20T15:04:05.123Z";
const PERSON = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)";
const JEANNE = "jeanne@atelier.example";

let office: Awaited<ReturnType<typeof postOffice>>;

beforeAll(async () => {
  office = await postOffice();
});

beforeEach(clearMail);
afterEach(async () => {
  vi.restoreAllMocks();
  await dropFaults();
});

/** Sends a mail; returns what is in it. */
async function receive(to = JEANNE) {
  const { on, shop, ticket } = office;
  await postEmail(on.app, shop.supervisor, ticket.ticket_id, [to]);
  await on.deliver();
  const { token } = await newestEmail();
  const link = /https:\/\/shop\.example(\/u\/[^>]+)>/.exec(office.sent.at(-1)?.headers["List-Unsubscribe"] ?? "")?.[1];
  if (!link) throw new Error("no link");
  return { token, pixel: `/t/${token}.gif`, link };
}

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
    const { pixel } = await receive();
    await expectPixel(await office.on.app.request(pixel, as(PERSON)));
    expect(await newestEmail()).toMatchObject({ opened_at: AT, open_count: 1, opened_by: "person" });
  });

  test.each(UNKNOWN)("is the same for the unknown token %s, with no write", async (name) => {
    await receive();
    const before = [await rowCounts(), await emailRows()];
    const { database, take } = countedDatabase(env.DB);
    await expectPixel(await stage({ settings: { DB: database } }).app.request(`/t/${name}`, as(PERSON)));
    expect([await rowCounts(), await emailRows()]).toEqual(before);
    // Only what could be a token is looked up.
    expect(take().statements).toBe(name === UNKNOWN[0] ? 1 : 0);
  });

  test("HEAD counts nothing", async () => {
    const { pixel } = await receive();
    const response = await office.on.app.request(pixel, as(PERSON, "HEAD"));
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
      200,
      "image/gif",
      "",
    ]);
    expect(await newestEmail()).toMatchObject({ opened_at: null, open_count: 0, opened_by: null });
  });

  test("a thousand opens keep the first time, count to a thousand, one statement each", async () => {
    const { pixel } = await receive();
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
    const { pixel } = await receive();
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
    const { token, pixel, link } = await receive();
    const { app } = stage({ settings: { LOG_LEVEL: "debug", EMAIL: mailbox().EMAIL } });
    const client = { "cf-connecting-ip": "203.0.113.77", referer: "https://mail.example/inbox", cookie: "a=b" };
    await app.request(pixel, as("Agent-of-the-reader/1.0", "GET", client));
    await app.request(link, as("Agent-of-the-reader/1.0", "POST", client));
    expect(log.map((line) => (JSON.parse(line) as { path: string }).path)).toEqual(["/t/", "/u/"]);
    const tables = await queryAll<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE TABLE%' AND name NOT LIKE '\\_%' ESCAPE '\\'",
    );
    const stored = await Promise.all(tables.map(({ name }) => queryAll(`SELECT * FROM "${name}"`)));
    for (const text of [JSON.stringify(stored), log.join()])
      expect(text).not.toMatch(/203\.0\.113|mail\.example|Agent-of/);
    expect(log.join()).not.toContain(token);
  });

  test("comes also when the database fails", async () => {
    const { pixel } = await receive();
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

describe("the opt-out link", () => {
  const app = () => office.on.app;
  const optOuts = () => queryAll("SELECT created_at FROM email_opt_outs");

  async function expectPage(response: Response, status: number, text: string) {
    const html = await response.text();
    expect([response.status, response.headers.get("cache-control"), response.headers.get("set-cookie")]).toEqual([
      status,
      "no-store",
      null,
    ]);
    expect(response.headers.get("content-type")).toMatch(/^text\/html/);
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none';.*frame-ancestors 'none'/);
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    expect(html).toContain(text);
    // It may have been forwarded: whose it is, it does not say.
    expect(html).not.toMatch(/jeanne|<script/i);
    return html;
  }

  test("asks, in English and French, and GET and HEAD change nothing", async () => {
    const { link } = await receive();
    const before = await rowCounts();
    const english = await expectPage(await app().request(link), 200, "Stop sending e-mails to this address?");
    expect(english).toContain('<form method="post">');
    const french = { headers: { "accept-language": "fr-CA,fr;q=0.9" } };
    expect(await expectPage(await app().request(link, french), 200, "Cesser d&#39;envoyer des courriels")).toContain(
      '<html lang="fr">',
    );
    expect((await app().request(link, { method: "HEAD" })).status).toBe(200);
    expect(await rowCounts()).toEqual(before);
  });

  test.each<[string, RequestInit]>([
    ["one click (RFC 8058)", { body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }) }],
    ["no body", {}],
    ["JSON", { body: "{}", headers: { "content-type": "application/json" } }],
    [
      "anything",
      { body: new Uint8Array(1000), headers: { "content-type": "image/png", origin: "https://mail.example" } },
    ],
  ])("takes a POST of %s, once and again", async (_, init) => {
    const { on, shop, ticket } = office;
    const ids = [
      await addCustomer(on.app, shop.supervisor, { email: JEANNE }),
      await addCustomer(on.app, shop.supervisor, { email: "J@atelier.example" }),
    ];
    await on.app.request(
      `/api/customers/${ids[1]}/contact-methods`,
      send(shop.supervisor, { kind: "email", value: "Jeanne@Atelier.example" }),
    );
    const stranger = await addCustomer(on.app, shop.supervisor, { email: "other@atelier.example" });
    const { link } = await receive();
    await execute("DELETE FROM contact_history", `DELETE FROM contact_preferences WHERE customer_id = ${ids[1]}`);
    for (let turn = 0; turn < 3; turn++) {
      await expectPage(
        await app().request(link, { method: "POST", ...init }),
        200,
        "this address receives no more e-mails",
      );
    }
    expect(await optOuts()).toEqual([{ created_at: AT }]);
    expect(await queryAll("SELECT customer_id, allow_email FROM contact_preferences ORDER BY customer_id")).toEqual([
      { customer_id: ids[0], allow_email: 0 },
      { customer_id: ids[1], allow_email: 0 },
      { customer_id: stranger, allow_email: 1 },
    ]);
    expect(
      await queryAll("SELECT customer_id, channel, direction, summary, value FROM contact_history ORDER BY id"),
    ).toEqual(
      ids.map((customer_id) => ({
        customer_id,
        channel: "email",
        direction: "inbound",
        summary: "email.opt_out",
        value: JEANNE,
      })),
    );
    const { emails } = await postEmail(on.app, shop.supervisor, ticket.ticket_id, ["JEANNE@atelier.example"]);
    expect(emails).toMatchObject([{ status: "suppressed", reason: "opted_out" }]);
  });

  test("holds for an address that no customer has, until a customer who has it says otherwise", async () => {
    const { on, shop, ticket } = office;
    const { link } = await receive();
    await app().request(link, { method: "POST" });
    const id = await addCustomer(on.app, shop.supervisor, { email: JEANNE });
    const status = async () => (await postEmail(on.app, shop.supervisor, ticket.ticket_id, [JEANNE])).emails[0]?.status;
    expect(await status()).toBe("suppressed");
    await prefer(on.app, shop.supervisor, id, { allow_email: false });
    expect(await optOuts()).toHaveLength(1);
    await prefer(on.app, shop.supervisor, id, { allow_email: true });
    expect(await optOuts()).toEqual([]);
    expect(await status()).toBe("queued");
    on.lose();
  });

  test("that is forged, cut off, another mail's or forgotten leads to 404 and changes nothing", async () => {
    const first = await receive();
    const second = await receive("other@atelier.example");
    const [token = "", signature = ""] = first.link.slice("/u/".length).split(".");
    const forged = `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
    const links = [
      `/u/${token}.${forged}`,
      `/u/${token}.${signature.slice(0, -1)}`,
      `/u/${token}.`,
      `/u/${token}`,
      `/u/${second.token}.${signature}`,
      `${first.link}x`,
      `/u/${"a".repeat(400)}`,
      "/u/%00",
    ];
    const otherSecret = stage({ settings: { BETTER_AUTH_SECRET: "another-secret-of-more-than-32-characters" } });
    const before = await rowCounts();
    for (const link of links) {
      for (const method of ["GET", "POST"]) {
        await expectPage(await app().request(link, { method }), 404, "This link is not valid (any more).");
      }
    }
    await expectPage(await otherSecret.app.request(first.link, { method: "POST" }), 404, "not valid");
    const french = { method: "POST", headers: { "accept-language": "fr" } };
    await expectPage(await app().request("/u/x", french), 404, "Ce lien n&#39;est pas ou plus valide.");
    await execute("DELETE FROM email_history WHERE recipient = 'other@atelier.example'");
    await expectPage(await app().request(second.link, { method: "POST" }), 404, "not valid");
    expect({ ...(await rowCounts()), email_history: 2 }).toEqual(before);
  });

  test("of one mail is no other's, and tells nothing about the pixel", async () => {
    const [first, second] = [await receive(), await receive()];
    expect(first.link).not.toBe(second.link);
    expect(first.link.split(".")[1]).not.toBe(second.link.split(".")[1]);
  });
});
