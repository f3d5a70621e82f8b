import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTicket, ok } from "../deliveries/shop.ts";
import { stage } from "../deliveries/stage.ts";
import { interposed } from "../desk/interposed.ts";
import { planOf, recordingDatabase } from "../desk/plan.ts";
import { breakingConnection } from "../faults/connection.ts";
import { abortOn, dropFaults } from "../faults/triggers.ts";
import { execute, type Person, person, queryAll, rowCounts, send } from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";
import { addCustomer, clearMail, emailRows, mailbox, newestEmail, postEmail, postOffice } from "./mailbox.ts";

// What POST /api/tickets/:ref/emails takes and refuses, what it does once, and what GET /api/emails shows.

let office: Awaited<ReturnType<typeof postOffice>>;
let by: Person;
let path: string;

beforeAll(async () => {
  office = await postOffice();
  by = office.shop.supervisor;
  path = `/api/tickets/${office.ticket.ticket_id}/emails`;
});

beforeEach(clearMail);

const valid = (fields: Record<string, unknown> = {}) => ({
  recipients: [{ email: "jeanne@atelier.example" }],
  subject: "About your machine",
  body: "It is repaired.",
  ...fields,
});
const to = (count: number) => Array.from({ length: count }, (_, index) => ({ email: `c${index}@atelier.example` }));
const named = (name: string) => [{ email: "jeanne@atelier.example", name }];

describe("refused, with nothing written and nothing queued", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["no recipients", { recipients: [] }, "recipients"],
    ["51 recipients", { recipients: to(51) }, "recipients"],
    ["recipients that are no list", { recipients: "jeanne@atelier.example" }, "recipients"],
    ["no subject", { subject: undefined }, "subject"],
    ["a blank subject", { subject: " \t " }, "subject"],
    ["a subject of 201 characters", { subject: "x".repeat(201) }, "subject"],
    ["a subject with CR LF", { subject: "Hello\r\nBcc: all@shop.example" }, "subject"],
    ["a subject with LF", { subject: "Hello\nBcc: all@shop.example" }, "subject"],
    ["a subject with U+2028", { subject: "Hello\u2028Bcc: all@shop.example" }, "subject"],
    ["a subject with BEL", { subject: "Hello\u0007" }, "subject"],
    ["a subject with DEL", { subject: "Hello\u007f" }, "subject"],
    ["a name with CR LF", { recipients: named("Jeanne\r\nBcc: all@shop.example") }, "recipients.0.name"],
    ["a name with NEL", { recipients: named("Jeanne\u0085Bcc: x") }, "recipients.0.name"],
    ["a name of 201 characters", { recipients: named("x".repeat(201)) }, "recipients.0.name"],
    ["a name that is a number", { recipients: [{ email: "a@b.example", name: 5 }] }, "recipients.0.name"],
    ["an empty body", { body: "" }, "body"],
    ["a body of 20,001 characters", { body: "x".repeat(20_001) }, "body"],
    ["an unknown language", { language: "de" }, "language"],
    ...[
      "jeanne",
      "@atelier.example",
      "jeanne@",
      "jeanne@atelier",
      "a@b@c.example",
      "jeanne @atelier.example",
      "jeanne@atelier.example\r\nBcc: x@y.example",
      "Jeanne <jeanne@atelier.example>",
      "a@b.example, c@d.example",
      `${"x".repeat(250)}@b.example`,
      "\u212Aelvin@atelier.example",
      "",
    ].map((email): [string, Record<string, unknown>, string] => [
      `the address ${JSON.stringify(email).slice(0, 50)}`,
      { recipients: [{ email }] },
      "recipients.0.email",
    ]),
  ])("%s", async (_, fields, where) => {
    const problem = await expectRefusal(office.on.app, path, send(by, valid(fields)), 400, "validation_failed");
    expect(problem.errors?.map((error) => error.path)).toContain(where);
    expect(office.on.held).toEqual([]);
  });

  test("NUL and lone surrogates", async () => {
    await expectRefusal(office.on.app, path, send(by, valid({ body: "a\0b" })), 400, "invalid_text");
    await expectRefusal(office.on.app, path, send(by, valid({ subject: "\ud800" })), 400, "invalid_text");
  });

  test("a body of 1 MB, another type, no JSON", async () => {
    const { app } = office.on;
    await expectRefusal(app, path, send(by, valid({ body: "x".repeat(1 << 20) })), 413, "payload_too_large");
    const text = { "content-type": "text/plain" };
    await expectRefusal(app, path, send(by, valid(), text), 415, "unsupported_media_type");
    await expectRefusal(app, path, { ...send(by, valid()), body: "{" }, 400, "invalid_json");
  });

  test("a bad key", async () => {
    await expectRefusal(
      office.on.app,
      path,
      send(by, valid(), { "idempotency-key": "a b" }),
      400,
      "invalid_idempotency_key",
    );
  });

  test.each(["operator", "technician"] as const)("as %s", async (role) => {
    await expectRefusal(office.on.app, path, send(await person(role), valid()), 403, "forbidden");
    await expectRefusal(office.on.app, "/api/emails", send(await person(role)), 403, "forbidden");
  });

  test("a ticket that does not exist, that was deleted, or that goes between read and batch", async () => {
    const { app } = office.on;
    for (const ref of ["9999", "CNC-1126-9999", "nothing"]) {
      await expectRefusal(app, `/api/tickets/${ref}/emails`, send(by, valid()), 404, "ticket_not_found");
    }
    const { id } = await createTicket(app, by, { machine_id: office.shop.machine_id });
    office.on.lose();
    const remove = () => execute(`UPDATE tickets SET deleted_at = '2026-11-20T15:00:00.000Z' WHERE id = ${id}`);
    const racing = stage({ settings: { DB: interposed(remove) } });
    await expectRefusal(racing.app, `/api/tickets/${id}/emails`, send(by, valid()), 404, "ticket_not_found");
    await expectRefusal(app, `/api/tickets/${id}/emails`, send(by, valid()), 404, "ticket_not_found");
    expect([...racing.held, ...office.on.held]).toEqual([]);
  });

  test.each(["email_messages", "email_history", "deliveries", "ticket_timeline"])("when %s refuses", async (table) => {
    await abortOn("INSERT", table);
    await expectRefusal(office.on.app, path, send(by, valid()), 500, "internal_error");
    await dropFaults();
  });
});

test("fifty recipients, the longest texts, and the number only once in the subject", async () => {
  const { on } = office;
  const { emails } = await postEmail(on.app, by, office.ticket.ticket_id, [], {
    recipients: to(50).map((recipient) => ({ ...recipient, name: "é".repeat(200) })),
    subject: "😀".repeat(200),
    body: "x".repeat(20_000),
  });
  expect(emails).toHaveLength(50);
  await on.deliver();
  expect(office.sent).toHaveLength(50);
  expect(office.sent.at(-1)?.subject).toBe(`[${office.ticket.ticket_id}] ${"😀".repeat(200)}`);
});

test("an address that comes twice, in any case, is one row with the first name that is one", async () => {
  await postEmail(office.on.app, by, String(office.ticket.id), [], {
    recipients: [
      { email: " Jeanne@Atelier.Example " },
      { email: "other@atelier.example", name: "Other" },
      { email: "jeanne@atelier.example", name: " " },
      { email: "JEANNE@ATELIER.EXAMPLE", name: "Jeanne" },
      { email: "jeanne@atelier.example", name: "Somebody" },
    ],
  });
  expect((await emailRows()).map(({ recipient, recipient_name }) => [recipient, recipient_name])).toEqual([
    ["jeanne@atelier.example", "Jeanne"],
    ["other@atelier.example", "Other"],
  ]);
  office.on.lose();
});

describe("the same Idempotency-Key", () => {
  const keyed = (key: string, fields: Record<string, unknown> = {}) =>
    send(by, valid(fields), { "idempotency-key": key });

  test("sends nothing again, and gets the first answer, whatever has become of it", async () => {
    const box = mailbox();
    const on = stage({ settings: { EMAIL: box.EMAIL } });
    const first = await on.app.request(path, keyed("once"));
    expect(first.status).toBe(202);
    expect(first.headers.get("location")).toBe(`/api/emails?ticket=${office.ticket.ticket_id}`);
    await on.deliverAll();
    const counts = await rowCounts();
    const again = await on.app.request(path, keyed("once", { recipients: [{ email: "JEANNE@atelier.example" }] }));
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([202, "true"]);
    expect(await again.json()).toEqual(await first.json());
    expect(again.headers.get("location")).toBe(first.headers.get("location"));
    await on.deliverAll();
    expect(box.sent).toHaveLength(1);
    expect(await rowCounts()).toEqual(counts);
    await expectRefusal(on.app, path, keyed("once", { body: "Other" }), 422, "idempotency_key_reused");
  });

  test("twins at once make one send", async () => {
    const box = mailbox();
    const on = stage({ settings: { EMAIL: box.EMAIL } });
    const answers = await Promise.all(Array.from({ length: 8 }, () => on.app.request(path, keyed("twins"))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const bodies = await Promise.all(answers.map((answer) => answer.text()));
    expect(new Set(bodies).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.has("idempotency-replayed"))).toHaveLength(7);
    await on.deliverAll();
    expect(box.sent).toHaveLength(1);
    expect(await emailRows()).toHaveLength(1);
  });

  test.each(["before", "after commit"] as const)("a connection lost %s is made up for, once", async (moment) => {
    const { database } = breakingConnection(env.DB, moment);
    const box = mailbox();
    const on = stage({ settings: { DB: database, EMAIL: box.EMAIL } });
    const answer = await on.app.request(path, keyed(`lost ${moment}`.replaceAll(" ", "-")));
    expect(answer.status).toBe(202);
    await stage().cron();
    expect(await emailRows()).toHaveLength(1);
  });

  test("is answered as before when the ticket has been deleted since", async () => {
    const { app } = office.on;
    const { id } = await createTicket(app, by, { machine_id: office.shop.machine_id });
    const first = await app.request(`/api/tickets/${id}/emails`, keyed("deleted"));
    await execute(`UPDATE tickets SET deleted_at = '2026-11-20T15:00:00.000Z' WHERE id = ${id}`);
    const again = await app.request(`/api/tickets/${id}/emails`, keyed("deleted"));
    expect(again.status).toBe(202);
    expect(await again.text()).toBe(await first.text());
    await expectProblem(await app.request(`/api/tickets/${id}/emails`, keyed("new")), 404, "ticket_not_found");
    office.on.lose();
  });
});

describe("GET /api/emails", () => {
  type Page = {
    emails: { tracking_id: string; ticket_id: string; recipients: { recipient: string }[] }[];
    next_cursor: string | null;
  };

  test("pages through groups newest first, in whole groups, also of one ticket", async () => {
    const { app } = office.on;
    const other = await createTicket(app, by, { machine_id: office.shop.machine_id });
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      const ref = i === 2 ? other.ticket_id : office.ticket.ticket_id;
      ids.unshift((await postEmail(app, by, ref, ["a@atelier.example", "b@atelier.example"])).tracking_id);
    }
    office.on.lose();
    const pages: Page[] = [];
    for (let query = "limit=2"; query; ) {
      const response = await app.request(`/api/emails?${query}`, send(by));
      const page = (await response.json()) as Page;
      pages.push(page);
      expect(response.headers.has("link")).toBe(page.next_cursor !== null);
      query = page.next_cursor ? `limit=2&cursor=${page.next_cursor}` : "";
    }
    expect(pages.map(({ emails }) => emails.length)).toEqual([2, 2, 1]);
    expect(pages.flatMap(({ emails }) => emails.map(({ tracking_id }) => tracking_id))).toEqual(ids);
    for (const { recipients } of pages.flatMap(({ emails }) => emails)) {
      expect(recipients.map(({ recipient }) => recipient)).toEqual(["a@atelier.example", "b@atelier.example"]);
    }
    for (const ref of [other.ticket_id, other.ticket_id.toLowerCase(), String(other.id)]) {
      const { emails } = await ok<Page>(app.request(`/api/emails?ticket=${ref}`, send(by)));
      expect(emails.map(({ tracking_id }) => tracking_id)).toEqual([ids[2]]);
    }
    await expectRefusal(app, "/api/emails?ticket=9999", send(by), 404, "ticket_not_found");
    await expectRefusal(app, "/api/emails?cursor=x", send(by), 400, "invalid_cursor");
    await expectRefusal(app, "/api/emails?limit=0", send(by), 400, "validation_failed");
  });

  test("reads mails by the indexes of tracking_id, which are not unique, and scans none", async () => {
    type Index = { name: string; unique: number };
    const indexes = await queryAll<Index>("PRAGMA index_list(email_history)");
    expect(
      indexes
        .filter(({ name }) => name.startsWith("idx_"))
        .map(({ name, unique }) => [name, unique])
        .sort(),
    ).toEqual([
      ["idx_email_history_tracking_id", 0],
      ["idx_email_history_tracking_sent", 0],
    ]);
    const [sent] = await queryAll<{ sql: string }>(
      "SELECT sql FROM sqlite_master WHERE name = 'idx_email_history_tracking_sent'",
    );
    expect(sent?.sql).toContain("(tracking_id, sent_at DESC)");

    const { database, statements } = recordingDatabase();
    const { app } = stage({ settings: { DB: database } });
    await postEmail(app, by, office.ticket.ticket_id, ["a@atelier.example"]);
    for (const query of ["", `?ticket=${office.ticket.ticket_id}`]) {
      statements.length = 0;
      await app.request(`/api/emails${query}`, send(by));
      const plans = await Promise.all(statements.filter(({ sql }) => sql.includes("email_")).map(planOf));
      const steps = plans.flat();
      expect(steps).toContainEqual(
        expect.stringMatching(
          /^SEARCH email_history USING COVERING INDEX idx_email_history_tracking_sent \(tracking_id=\?\)/,
        ),
      );
      expect(steps).toContainEqual(
        expect.stringMatching(/^SEARCH email_history USING INDEX idx_email_history_tracking_\w+ \(tracking_id=\?\)/),
      );
      expect(steps.filter((step) => /^SCAN email_history/.test(step))).toEqual([]);
      const first = steps.find((step) => / email_messages /.test(`${step} `));
      expect(first).toMatch(
        query ? /SEARCH email_messages USING INDEX email_messages_ticket_id/ : /^SCAN email_messages/,
      );
      // In the order of its key: no sort, so a page reads no more than a page.
      if (query === "") expect(plans[0]?.some((step) => step.includes("TEMP B-TREE"))).toBe(false);
    }
  });

  test("nothing on the way of a mail scans a table: sending, news, counting, opting out, the cron run", async () => {
    const { database, statements } = recordingDatabase();
    const box = mailbox();
    const on = stage({ settings: { DB: database, EMAIL: box.EMAIL } });
    const customer_id = await addCustomer(on.app, by, { email: "a@atelier.example" });
    await createTicket(on.app, by, { machine_id: office.shop.machine_id, customer_id });
    await postEmail(on.app, by, office.ticket.ticket_id, ["a@atelier.example"]);
    statements.length = 0;
    await on.deliver();
    expect(box.sent).toHaveLength(2);
    const { token } = await newestEmail();
    const link = /\/u\/[^>]+/.exec(box.sent.at(-1)?.headers["List-Unsubscribe"] ?? "")?.[0] ?? "";
    await on.app.request(`/t/${token}.gif`);
    expect((await on.app.request(link, { method: "POST" })).status).toBe(200);
    await on.cron();
    expect(statements.length).toBeGreaterThan(20);
    const TABLES = /^SCAN (email_\w+|contact_\w+|customers|deliveries|tickets|[a-z]{1,2})\b(?!.*VIRTUAL TABLE)/;
    for (const statement of statements) {
      const steps = await planOf(statement);
      // Endpoints are few, and their events a list.
      const full = steps.filter((step) => TABLES.test(step) && !/^SCAN (w|heard|ev)\b/.test(step));
      expect(full, statement.sql).toEqual([]);
    }
  });
});
