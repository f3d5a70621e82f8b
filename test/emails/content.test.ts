import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { renderMail, subjectLine } from "../../src/emails/template.ts";
import { EMAIL_WORDS } from "../../src/emails/words.ts";
import { deliveryRows } from "../deliveries/rows.ts";
import { createTicket, ok } from "../deliveries/shop.ts";
import { execute, machine, queryAll, send } from "../helpers.ts";
import { customerDesk } from "./customer.ts";
import { clearMail, emailRows, postEmail, postOffice } from "./mailbox.ts";

// What is in a mail, and what stays of it when a person is erased.

let office: Awaited<ReturnType<typeof postOffice>>;

beforeAll(async () => {
  office = await postOffice();
});

beforeEach(clearMail);

const content = (fields: Partial<Parameters<typeof renderMail>[0]> = {}) => ({
  language: "en" as const,
  template: "message" as const,
  subject: "About your machine",
  body: "Hello",
  recipient_name: null,
  ticket: { number: "CNC-1126-0001", title: "Spindle vibrates", machine_name: "Haas VF-2" },
  links: { pixel: "https://shop.example/t/x.gif", optOut: "https://shop.example/u/x.y" },
  ...fields,
});

/** The text that a browser would show of a piece of HTML without tags. */
const shown = (html: string) =>
  html.replace(
    /&(amp|lt|gt|quot|#39);/g,
    (_, name: string) => ({ amp: "&", lt: "<", gt: ">", quot: '"' })[name] ?? "'",
  );

describe("user text in a mail", () => {
  const HTML = `<script>alert("1")</script><img src=x onerror='alert(2)'> & &lt;b&gt; "x" 'y'`;

  test("arrives as it was typed: escaped in the HTML part, verbatim in the text part", async () => {
    const { on, shop, sent } = office;
    const machine_id = await machine("CNC", "<b>Haas</b>");
    const { ticket_id } = await createTicket(on.app, shop.supervisor, { machine_id, title: HTML });
    await postEmail(on.app, shop.supervisor, ticket_id, [], {
      recipients: [{ email: "a@atelier.example", name: "<i>Ann</i>" }],
      subject: HTML,
      body: `${HTML}\r\n\r\nSecond\rparagraph`,
    });
    await on.deliver();
    const mail = sent.at(-1);
    expect(mail?.html.match(/<(?!\/?(p|br|table|tr|td|div|a|html|head|body|meta|title|img)\b|!doctype)/g)).toBeNull();
    expect(mail?.html).not.toMatch(/onerror='|<script|<b>|<img src=x/);
    expect(mail?.html.match(/<img /g)).toHaveLength(1);
    expect(mail?.text.startsWith(`${HTML}\n\nSecond\nparagraph\n`)).toBe(true);
    expect(mail?.text).toContain(`About: ${HTML}\nMachine: <b>Haas</b>\n`);
    expect(mail?.html).toContain("<br>paragraph</p>");
    expect(mail?.subject).toBe(`[${ticket_id}] ${HTML}`);
  });

  test("adds no tag and no attribute, whatever it is", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc
        .array(
          fc.constantFrom(
            "<",
            ">",
            "&",
            '"',
            "'",
            "<script>",
            "</p>",
            "<!--",
            "]]>",
            "&lt;",
            "\n",
            "javascript:",
            " onload=",
            "é😀",
          ),
        )
        .map((parts) => parts.join("")),
    );
    const structure = (html: string) =>
      html
        .replaceAll('</p>\n<p style="margin:0 0 16px">', "")
        .replaceAll("<br>", "")
        .match(/<[^>]*>/g);
    fc.assert(
      fc.property(
        text,
        text,
        text,
        text,
        fc.constantFrom("message", "received", "completed"),
        fc.constantFrom("en", "fr"),
        (body, subject, title, name, template, language) => {
          const fields = { template, language } as const;
          const plain = renderMail(
            content({ ...fields, body: template === "message" ? "x" : null, recipient_name: "x" }),
          );
          const mail = renderMail(
            content({
              ...fields,
              subject,
              body: template === "message" ? body : null,
              recipient_name: name,
              ticket: { number: "CNC-1126-0001", title, machine_name: name },
            }),
          );
          expect(structure(mail.html)).toEqual(structure(plain.html));
          const cells = [...mail.html.matchAll(/<td>([^<]*)<\/td>/g)].map(([, cell = ""]) => shown(cell));
          expect(cells).toEqual(["CNC-1126-0001", title, name]);
          if (template === "message") expect(mail.text.startsWith(body.replace(/\r\n?/g, "\n"))).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("in links stays in its attribute", () => {
    const { html } = renderMail(content({ links: { pixel: `"><script>`, optOut: `"><script>` } }));
    expect(html).not.toContain("<script");
  });
});

test("both parts and both languages say the same", () => {
  for (const language of ["en", "fr"] as const) {
    for (const template of ["received", "started", "waiting_parts", "completed"] as const) {
      const { html, text } = renderMail(content({ language, template, body: null, recipient_name: "Zoé" }));
      const words = EMAIL_WORDS[language];
      for (const part of [shown(html), text]) {
        for (const piece of [
          words.greeting("Zoé"),
          words.news[template].text,
          "CNC-1126-0001",
          "Haas VF-2",
          words.why,
          words.optOut,
          "https://shop.example/u/x.y",
        ]) {
          expect(part).toContain(piece);
        }
      }
    }
    expect(renderMail(content({ language, template: "received", body: null })).text).toMatch(/^(Hello|Bonjour),\n/);
  }
});

test.each([
  ["Hello", "[CNC-1126-0001] Hello"],
  ["Re: [CNC-1126-0001] Hello", "Re: [CNC-1126-0001] Hello"],
  ["CNC-1126-0001", "CNC-1126-0001"],
  ["About CNC-1126-00012", "[CNC-1126-0001] About CNC-1126-00012"],
  ["About XCNC-1126-0001", "[CNC-1126-0001] About XCNC-1126-0001"],
])("the subject %j names the ticket once", (subject, line) => {
  expect(subjectLine("CNC-1126-0001", subject)).toBe(line);
});

describe("a person's mails", () => {
  const JEANNE = "jeanne.o'neil@atelier.example";
  const MARIE = { name: "Marie Gagnon", email: "marie@atelier.example", phone: "+15145550124" };

  async function history(who = MARIE) {
    const desk = await customerDesk(office.shop, who);
    const { on, customer } = desk;
    const { supervisor } = office.shop;
    // To an address before anybody knew whose it was; with others; alone; news; a notification.
    const old = await desk.create({ customer_id: null });
    await postEmail(
      on.app,
      supervisor,
      old.ticket_id,
      [who.email],
      { body: "Only for you" },
      { "idempotency-key": `alone-${customer}` },
    );
    await on.deliver();
    await execute("UPDATE email_history SET customer_id = NULL");
    const { ticket_id, id } = await desk.create();
    const key = { "idempotency-key": `both-${customer}` };
    await postEmail(on.app, supervisor, ticket_id, [who.email, "other@atelier.example"], { body: "For both" }, key);
    await desk.listener({ status: 500, body: `cannot reach ${who.phone}` });
    await on.deliver();
    await desk.prefer({ preferred_channel: "whatsapp" });
    await desk.change(id, { status: "in_progress" });
    await on.deliver();
    await desk.prefer({});
    return { ...desk, ticket_id, key, old };
  }

  test("are exported, with their texts, those of others are not", async () => {
    const { on, customer, ticket_id, old } = await history();
    const { emails } = await ok<{ emails: Record<string, unknown>[] }>(
      on.app.request(`/api/customers/${customer}/export`, send(office.shop.admin)),
    );
    expect(emails).toMatchObject(
      [
        { ticket_id: old.ticket_id, recipient: MARIE.email, body: "Only for you", status: "sent" },
        { ticket_id, recipient: MARIE.email, subject: "We have received your request", body: null, status: "sent" },
        { ticket_id, recipient: MARIE.email, body: "For both", status: "sent", open_count: 0 },
      ].toSorted(
        (a, b) => emails.findIndex(({ body }) => body === a.body) - emails.findIndex(({ body }) => body === b.body),
      ),
    );
    expect(emails).toHaveLength(3);
    expect(JSON.stringify(emails)).not.toContain("other@");
  });

  test("go when the person is erased: nothing names them, others' stay, a repeated request sends nothing", async () => {
    const { on, customer, ticket_id, key, sent } = await history({
      name: "Jeanne Tremblay",
      email: JEANNE,
      phone: "+15145550123",
    });
    const { supervisor, admin } = office.shop;
    expect(await deliveryRows("event_type = 'customer.notify'")).toHaveLength(1);
    const link = /<https:\/\/shop\.example(\/u\/[^>]+)>/.exec(sent[0]?.headers["List-Unsubscribe"] ?? "")?.[1] ?? "";
    expect((await on.app.request(link, { method: "POST" })).status).toBe(200);
    const erased = await on.app.request(`/api/customers/${customer}?erase=true`, send(admin, undefined, {}, "DELETE"));
    expect(erased.status).toBe(204);

    const tables = await queryAll<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND substr(name, 1, 1) <> '_'",
    );
    for (const { name } of tables) {
      const rows = JSON.stringify(await queryAll(`SELECT * FROM "${name}"`));
      expect(rows, name).not.toMatch(/jeanne|tremblay|5145550123/i);
    }
    expect((await emailRows()).map(({ recipient }) => recipient)).toEqual(["other@atelier.example"]);
    // That something was sent stays, without its words, unless somebody else got them too.
    expect(await queryAll("SELECT subject, body FROM email_messages ORDER BY body")).toEqual([
      { subject: "erased", body: null },
      { subject: "About your machine", body: "For both" },
      { subject: "erased", body: "erased" },
    ]);
    expect(await deliveryRows("event_type = 'customer.notify'")).toEqual([]);
    // A digest of the address is all that is left: that they said no outlives them.
    expect(await queryAll("SELECT length(address_digest) AS n FROM email_opt_outs")).toEqual([{ n: 43 }]);

    const before = sent.length;
    const recipients = [JEANNE, "other@atelier.example"].map((email) => ({ email }));
    const body = { recipients, subject: "About your machine", body: "For both" };
    const again = await on.app.request(`/api/tickets/${ticket_id}/emails`, send(supervisor, body, key));
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([202, "true"]);
    expect(await again.json()).toEqual({ tracking_id: (await emailRows())[0]?.tracking_id, emails: [] });
    await on.deliverAll();
    expect(sent).toHaveLength(before);
    const { emails } = await ok<{ emails: { recipient_count: number }[] }>(
      on.app.request(`/api/emails?ticket=${ticket_id}`, send(supervisor)),
    );
    expect(emails.map(({ recipient_count }) => recipient_count).sort()).toEqual([0, 1]);
  });

  test("of an address that was taken from them before go too, also from the answer to a repeated request", async () => {
    const desk = await customerDesk(office.shop, { name: "Jeanne Tremblay", email: JEANNE });
    const { on, customer } = desk;
    const { supervisor, admin } = office.shop;
    const old = await desk.create({ customer_id: null });
    await postEmail(on.app, supervisor, old.ticket_id, [JEANNE], {}, { "idempotency-key": `old-${customer}` });
    await on.deliver();
    const path = `/api/customers/${customer}`;
    const { contact_methods } = await ok<{ contact_methods: { id: number }[] }>(
      on.app.request(`${path}/contact-methods`, send(supervisor)),
    );
    const remove = (what: string, by = supervisor) => on.app.request(what, send(by, undefined, {}, "DELETE"));
    expect((await remove(`${path}/contact-methods/${contact_methods[0]?.id}`)).status).toBe(204);
    expect((await remove(`${path}?erase=true`, admin)).status).toBe(204);
    for (const table of ["email_history", "contact_history", "idempotency_keys"]) {
      expect(JSON.stringify(await queryAll(`SELECT * FROM ${table}`)), table).not.toContain(JEANNE);
    }
  });

  test("stay when a customer is merely removed who only has the same address", async () => {
    const desk = await customerDesk(office.shop, {});
    const { on, customer } = desk;
    const { supervisor } = office.shop;
    const { ticket_id } = await desk.create({ customer_id: null });
    const key = { "idempotency-key": `kept-${customer}` };
    await postEmail(on.app, supervisor, ticket_id, [MARIE.email], { body: "Kept" }, key);
    await on.deliver();
    const change = send(supervisor, { email: MARIE.email }, {}, "PATCH");
    await ok(on.app.request(`/api/customers/${customer}`, change));
    const gone = await on.app.request(`/api/customers/${customer}`, send(supervisor, undefined, {}, "DELETE"));
    expect(gone.status).toBe(204);
    expect(await queryAll("SELECT 1 FROM customers WHERE id = ?", customer)).toEqual([]);
    expect(await emailRows()).toMatchObject([{ recipient: MARIE.email, status: "sent" }]);
    expect(await queryAll("SELECT body FROM email_messages")).toEqual([{ body: "Kept" }]);
  });
});
