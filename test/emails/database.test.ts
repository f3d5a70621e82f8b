import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { IDS_PER_MESSAGE } from "../../src/deliveries/outbox.ts";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { deliveryRows } from "../deliveries/rows.ts";
import { createTicket, ok, type Shop } from "../deliveries/shop.ts";
import { stage } from "../deliveries/stage.ts";
import { queryAll, send } from "../helpers.ts";
import { expectRefusal } from "../problems.ts";
import { planOf, recordingDatabase } from "../tickets/plan.ts";
import { customerDesk, news, REACHABLE } from "./customer.ts";
import { addCustomer, clearMail, emailRows, mailbox, newestEmail, postEmail, postOffice } from "./mailbox.ts";

// GET /api/emails, and what e-mails cost the database: indexes read, statements per invocation.

let office: Awaited<ReturnType<typeof postOffice>>;
let by: Shop["supervisor"];

beforeAll(async () => {
  office = await postOffice();
  by = office.shop.supervisor;
});

beforeEach(clearMail);

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
    // However many mails a person has got about other tickets, a mail looks for those of its own.
    const threading = statements.filter(({ sql }) => sql.includes("FROM email_messages pm"));
    for (const statement of threading) {
      expect(await planOf(statement)).toContainEqual(
        expect.stringMatching(/^SEARCH pm USING (COVERING )?INDEX email_messages_ticket_id/),
      );
    }
    // Whatever is claimed: the news, and both mails.
    expect(threading).toHaveLength(3);
    const TABLES = /^SCAN (email_\w+|contact_\w+|customers|deliveries|tickets|[a-z]{1,2})\b(?!.*VIRTUAL TABLE)/;
    for (const statement of statements) {
      const steps = await planOf(statement);
      // Endpoints are few, and their events a list; a job is one row.
      const full = steps.filter((step) => TABLES.test(step) && !/^SCAN (w|heard|ev|j)\b/.test(step));
      expect(full, statement.sql).toEqual([]);
    }
  });
});

test("a queue message full of mails stays within fifty statements, sent or failing", async () => {
  const { database, take } = countedDatabase(env.DB);
  const { EMAIL, refuse } = mailbox();
  const on = stage({ settings: { EMAIL, DB: database } });
  const to = Array.from({ length: IDS_PER_MESSAGE }, (_, index) => `c${index}@atelier.example`);
  for (const email of to) await addCustomer(on.app, by, { email });
  for (const code of [null, "E_DELIVERY_FAILED"]) {
    if (code) for (const address of to) refuse(address, code);
    await postEmail(on.app, by, office.ticket.ticket_id, to);
    const [message] = on.lose();
    take();
    await on.invoke(message?.ids ?? []);
    expect(take().statements).toBeLessThanOrEqual(50);
  }
  expect((await emailRows()).map(({ status }) => status)).toEqual([
    ...Array(IDS_PER_MESSAGE).fill("sent"),
    ...Array(IDS_PER_MESSAGE).fill("failed"),
  ]);
});

test.each(["email", "whatsapp"])("a queue message full of news by %s stays within fifty statements", async (method) => {
  const { database, take } = countedDatabase(env.DB);
  const { on, create, listener, prefer } = await customerDesk(office.shop, REACHABLE, { DB: database });
  await prefer({ preferred_channel: method });
  const consumer = await listener();
  for (let i = 0; i < IDS_PER_MESSAGE; i++) await create();
  on.lose();
  for (const jobs of [news, () => deliveryRows("status = 'pending'")]) {
    const ids = (await jobs()).map(({ id }) => id);
    expect(ids).toHaveLength(IDS_PER_MESSAGE);
    take();
    await on.invoke(ids);
    expect(take().statements).toBeLessThanOrEqual(50);
  }
  expect(await deliveryRows("status <> 'completed'")).toEqual([]);
  expect(await consumer.requests()).toHaveLength(method === "email" ? 0 : IDS_PER_MESSAGE);
});
