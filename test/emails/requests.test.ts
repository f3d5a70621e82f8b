import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { breakingConnection } from "../db/connection.ts";
import { abortOn, dropFaults } from "../db/triggers.ts";
import { createTicket } from "../deliveries/shop.ts";
import { stage } from "../deliveries/stage.ts";
import { execute, type Person, person, rowCounts, send } from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";
import { interposed } from "../tickets/interposed.ts";
import { clearMail, emailRows, mailbox, postEmail, postOffice } from "./mailbox.ts";

// What POST /api/tickets/:ref/emails takes and refuses, and what it does once.

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
    ["HTML of its own", { html: "<b>Hello</b>" }, "html"],
    ["a template of its own", { template: "<h1>{{name}}</h1>" }, "template"],
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
      `${"x".repeat(65)}@b.example`,
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
    const before = await rowCounts();
    await expectProblem(
      await racing.app.request(`/api/tickets/${id}/emails`, send(by, valid())),
      404,
      "ticket_not_found",
    );
    // That it was deleted is a change of the ticket's.
    expect(await rowCounts()).toEqual({ ...before, document_changes: (before.document_changes ?? 0) + 1 });
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
