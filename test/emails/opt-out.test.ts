import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { breakingConnection } from "../db/connection.ts";
import { abortOn, dropFaults } from "../db/triggers.ts";
import { deliveryRows, onlyDelivery } from "../deliveries/rows.ts";
import { stage } from "../deliveries/stage.ts";
import { execute, queryAll, rowCounts, send } from "../helpers.ts";
import {
  addCustomer,
  addressOf,
  clearMail,
  emailRows,
  mailbox,
  newestEmail,
  postEmail,
  postOffice,
  prefer,
  receive,
} from "./mailbox.ts";

const AT = "2026-11-20T15:04:05.123Z";
const JEANNE = "jeanne@atelier.example";

let office: Awaited<ReturnType<typeof postOffice>>;

beforeAll(async () => {
  office = await postOffice();
});

beforeEach(clearMail);
afterEach(dropFaults);

describe("somebody who wants no mail", () => {
  test("is recorded as suppressed and gets no delivery, by preference or by address", async () => {
    const { on, sent, shop, ticket } = office;
    sent.length = 0;
    const customer = await addCustomer(on.app, shop.supervisor, { email: "never@atelier.example" });
    await prefer(on.app, shop.supervisor, customer, { allow_email: false });
    const { emails } = await postEmail(on.app, shop.supervisor, ticket.ticket_id, [
      "NEVER@atelier.example",
      "one@atelier.example",
    ]);
    expect(emails).toMatchObject([
      { recipient: "never@atelier.example", status: "suppressed", reason: "opted_out" },
      { recipient: "one@atelier.example", status: "queued", reason: null },
    ]);
    await on.deliverAll();
    expect(sent.map(addressOf)).toEqual(["one@atelier.example"]);
    expect(await deliveryRows()).toHaveLength(1);
  });

  test("between queueing and sending is suppressed at sending", async () => {
    const { on, sent, shop, ticket } = office;
    sent.length = 0;
    const customer = await addCustomer(on.app, shop.supervisor, { email: "late@atelier.example" });
    await postEmail(on.app, shop.supervisor, ticket.ticket_id, ["late@atelier.example"]);
    await prefer(on.app, shop.supervisor, customer, { allow_email: false });
    await on.deliverAll();
    expect(sent).toEqual([]);
    expect(await newestEmail()).toMatchObject({ status: "suppressed", reason: "opted_out", customer_id: customer });
    expect(await onlyDelivery()).toMatchObject({ status: "completed" });
  });
});

describe("the opt-out link", () => {
  test("stops the mails that wait for an address which no customer has, and no mail to another", async () => {
    const { on, sent, shop, ticket } = office;
    const { link } = await receive(office);
    sent.length = 0;
    await postEmail(on.app, shop.supervisor, ticket.ticket_id, [JEANNE, "other@atelier.example"]);
    await app().request(link, { method: "POST" });
    await on.deliverAll();
    expect(sent.map(addressOf)).toEqual(["other@atelier.example"]);
    expect(await emailRows(`recipient = '${JEANNE}'`)).toMatchObject([
      { status: "sent" },
      { status: "suppressed", reason: "opted_out", sent_at: null },
    ]);
    expect((await deliveryRows()).map(({ status }) => status)).toEqual(["completed", "completed", "completed"]);
  });

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
    const { link } = await receive(office);
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
    const { link } = await receive(office);
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
    const { link } = await receive(office);
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

  test("is not lifted by a change of other preferences, nor by one that fails half-way", async () => {
    const { on, shop } = office;
    await app().request((await receive(office)).link, { method: "POST" });
    const id = await addCustomer(on.app, shop.supervisor, { email: JEANNE });
    await prefer(on.app, shop.supervisor, id, { quiet_from: "20:00", quiet_until: "07:00" });
    expect(await optOuts()).toHaveLength(1);

    await prefer(on.app, shop.supervisor, id, { allow_email: false });
    await abortOn("DELETE", "email_opt_outs");
    const all = { preferred_channel: "email", allow_email: true, allow_sms: true, allow_whatsapp: true };
    const allowing = { ...all, allow_phone: true, quiet_from: null, quiet_until: null };
    const path = `/api/customers/${id}/contact-preferences`;
    expect((await on.app.request(path, send(shop.supervisor, allowing, {}, "PUT"))).status).toBe(500);
    expect(await queryAll("SELECT allow_email FROM contact_preferences")).toEqual([{ allow_email: 0 }]);
    expect(await optOuts()).toHaveLength(1);
  });

  test.each(["before", "after commit"] as const)("holds when the connection is lost %s", async (moment) => {
    const { link } = await receive(office);
    const { database } = breakingConnection(env.DB, moment);
    const { app } = stage({ settings: { DB: database } });
    await expectPage(await app.request(link, { method: "POST" }), 200, "this address receives no more e-mails");
    expect(await optOuts()).toHaveLength(1);
  });

  test("stands in a header only where it is https: the mail service refuses any other", async () => {
    const { shop, ticket } = office;
    for (const [origin, headers] of [
      ["https://tickets.example", ["In-Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post", "References"]],
      ["http://tickets.example", ["In-Reply-To", "References"]],
    ] as const) {
      const box = mailbox();
      const on = stage({ settings: { EMAIL: box.EMAIL, BETTER_AUTH_URL: origin } });
      await postEmail(on.app, shop.supervisor, ticket.ticket_id, [JEANNE]);
      await on.deliver();
      expect(Object.keys(box.sent[0]?.headers ?? {}).sort()).toEqual(headers);
      expect(box.sent[0]?.text).toContain(`Stop receiving e-mails: ${origin}/u/`);
    }
  });

  test("that is forged, cut off, another mail's or forgotten leads to 404 and changes nothing", async () => {
    const first = await receive(office);
    const second = await receive(office, "other@atelier.example");
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
        await expectPage(await app().request(link, { method }), 404, "This link is not valid, or no longer is.");
      }
    }
    await expectPage(await otherSecret.app.request(first.link, { method: "POST" }), 404, "not valid");
    const french = { method: "POST", headers: { "accept-language": "fr" } };
    await expectPage(await app().request("/u/x", french), 404, "Ce lien n&#39;est pas valide, ou ne l&#39;est plus.");
    await execute("DELETE FROM email_history WHERE recipient = 'other@atelier.example'");
    await expectPage(await app().request(second.link, { method: "POST" }), 404, "not valid");
    expect({ ...(await rowCounts()), email_history: 2 }).toEqual(before);
  });

  test("of one mail is no other's, and tells nothing about the pixel", async () => {
    const [first, second] = [await receive(office), await receive(office)];
    expect(first.link).not.toBe(second.link);
    expect(first.link.split(".")[1]).not.toBe(second.link.split(".")[1]);
  });
});
