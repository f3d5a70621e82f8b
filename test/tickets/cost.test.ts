import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { addWebhook, receiver, type Shop, setUpShop } from "../deliveries/shop.ts";
import { stage } from "../deliveries/stage.ts";
import { addCustomer } from "../emails/mailbox.ts";
import { execute, machine, type Person, send } from "../helpers.ts";
import { addDevice } from "../push/device.ts";
import { postCsv, reported } from "./csv.ts";

// What a shop pays for, and what the free plan stops at, is rows written, an entry of an index counting as one. A figure
// below that rises is paid by every shop each day: one that falls is welcome, and written down here.

const TITLE = "Spindle bearing vibrates loudly again";
const DESCRIPTION = `Since this morning the spindle of the big mill has made a grinding noise above eight thousand turns and
  every aluminium part shows chatter marks on one side. We have already changed the tool holder, cleaned the taper, checked
  the drawbar force and lowered the feed by half, without any difference. Coolant pressure stays normal while the
  temperature climbs towards sixty degrees; please look at it today.`;

const counted = countedDatabase(env.DB);
const on = stage({ settings: { DB: counted.database } });
let shop: Shop;
let customer_id: number;

/** The rows that a request writes, by table; `all` is their sum. */
async function written(request: () => Promise<unknown>): Promise<Record<string, number>> {
  on.advance(60);
  counted.costs();
  await request();
  const rows: Record<string, number> = { all: 0 };
  for (const { sql, rowsWritten } of counted.costs()) {
    if (rowsWritten === 0) continue;
    const table = /(?:INSERT INTO|UPDATE(?: OR IGNORE)?|DELETE FROM)\s+(\w+)/.exec(sql)?.[1] ?? sql;
    rows[table] = (rows[table] ?? 0) + rowsWritten;
    rows.all = (rows.all ?? 0) + rowsWritten;
  }
  return rows;
}

async function answered<T>(request: Promise<Response>, status: number): Promise<T> {
  const response = await request;
  expect(response.status).toBe(status);
  return (await response.json()) as T;
}

let keys = 0;

async function create(by: Person, fields: object = {}, keyed = false): Promise<number> {
  const input = { title: TITLE, description: DESCRIPTION, machine_id: shop.machine_id, ...fields };
  const request = send(by, input, keyed ? { "idempotency-key": `cost-${++keys}` } : {});
  return (await answered<{ ticket: { id: number } }>(on.app.request("/api/tickets", request), 201)).ticket.id;
}

const change = (by: Person, id: number, body: object) =>
  answered(on.app.request(`/api/tickets/${id}`, send(by, body, {}, "PATCH")), 200);
const comment = (by: Person, id: number) =>
  answered(on.app.request(`/api/tickets/${id}/comments`, send(by, { body: "The bearing is ordered." })), 201);
const acknowledge = (by: Person, id: number) =>
  answered(on.app.request(`/api/tickets/${id}/acknowledge`, send(by, undefined, {}, "POST")), 200);

/** Nobody listens, and nothing waits. */
async function silence(): Promise<void> {
  on.lose();
  await execute(
    "UPDATE webhook_endpoints SET active = 0",
    "DELETE FROM push_subscriptions",
    "DELETE FROM delivery_attempts",
    "DELETE FROM push_logs",
    "DELETE FROM deliveries",
  );
}

beforeAll(async () => {
  shop = await setUpShop();
  customer_id = await addCustomer(on.app, shop.supervisor, { email: "a@atelier.example" });
  // The first of a month makes the counter, and the first of a table that numbers its rows the row that it is kept in.
  await create(shop.supervisor, { assigned_to: shop.technician.id });
});

describe("a creation with a title of five words and a description of sixty", () => {
  // Of a ticket: its row, the indexes by number, creation, change, priority, status, machine, type, reporter, assignee, and
  // that it is new.
  const BARE = { ticket_counters: 1, tickets: 11, ticket_timeline: 1 };
  const assigned = () => ({ assigned_to: shop.technician.id });

  beforeAll(silence);

  test("writes 13 rows without assignee, of 15 that it may", async () => {
    expect(await written(() => create(shop.supervisor))).toEqual({ ...BARE, all: 13 });
  });

  test("writes 2 rows more with a key, which later finds the answer", async () => {
    const rows = await written(() => create(shop.supervisor, {}, true));
    expect(rows).toEqual({ ...BARE, idempotency_keys: 2, all: 15 });
  });

  test("writes 18 rows with an assignee, of 20", async () => {
    const rows = await written(() => create(shop.supervisor, assigned()));
    // A delivery: its row, the constraint, what is due; and for all of them the last number given.
    expect(rows).toEqual({ ...BARE, tickets: 12, deliveries: 4, all: 18 });
  });

  test("writes 17 rows with a webhook, 21 with both, and 30 with everything, of 30", async () => {
    await addWebhook(on.app, shop.admin, (await receiver()).url, ["ticket.created"]);
    expect(await written(() => create(shop.supervisor))).toEqual({ ...BARE, deliveries: 4, all: 17 });
    const both = await written(() => create(shop.supervisor, assigned()));
    expect(both).toEqual({ ...BARE, tickets: 12, deliveries: 7, all: 21 });
    const everything = await written(async () =>
      create(
        shop.supervisor,
        { ...assigned(), customer_id, is_machine_down: true, machine_id: await machine("LSR") },
        true,
      ),
    );
    expect(everything).toEqual({
      ticket_counters: 1,
      // Open work of a person, of a customer, and what stands still have an index each.
      tickets: 14,
      ticket_timeline: 1,
      deliveries: 10,
      machines: 1,
      machine_timeline: 1,
      idempotency_keys: 2,
      all: 30,
    });
  });
});

describe("a change", () => {
  beforeAll(silence);

  test.each<[string, object, number]>([
    ["title", { title: "Spindle bearing is worn" }, 3],
    ["priority", { priority: "high" }, 4],
    ["day that it is planned for", { scheduled_date: "2026-12-01T08:00:00.000Z" }, 5],
    ["customer", { customer_id: 1 }, 4],
    ["status", { status: "cancelled" }, 4],
  ])(
    "of the %s writes the ticket's row, its place among changes twice, and the index of what changes",
    async (_, body, tickets) => {
      const id = await create(shop.supervisor);
      const rows = await written(() => change(shop.supervisor, id, body));
      expect(rows).toMatchObject({ ticket_timeline: 1, tickets });
    },
  );

  test("of several things at once writes one entry each", async () => {
    const id = await create(shop.supervisor);
    const rows = await written(() =>
      change(shop.supervisor, id, { status: "diagnostic", assigned_to: shop.supervisor.id, title: "Bearing is worn" }),
    );
    expect(rows).toMatchObject({ ticket_timeline: 3, tickets: 6 });
  });

  test("that stops a machine writes its row and an entry", async () => {
    const id = await create(shop.supervisor, { machine_id: await machine("MIL") });
    const rows = await written(() => change(shop.supervisor, id, { is_machine_down: true }));
    expect(rows).toEqual({ ticket_timeline: 1, tickets: 4, machines: 1, machine_timeline: 1, all: 7 });
  });

  test("of one's own ticket, that nobody else is told of, writes no more than that", async () => {
    const id = await create(shop.technician, { assigned_to: shop.technician.id });
    const told = { ticket_timeline: 1, tickets: 3, all: 4 };
    expect(await written(() => acknowledge(shop.technician, id))).toEqual(told);
    expect(await written(() => acknowledge(shop.technician, id))).toEqual({ all: 0 });
    expect(await written(() => comment(shop.technician, id))).toEqual(told);
    // Status, changes and what somebody has to do.
    const moved = { ticket_timeline: 1, tickets: 5, all: 6 };
    expect(await written(() => change(shop.technician, id, { status: "in_progress" }))).toEqual(moved);
    expect(await written(() => change(shop.technician, id, { status: "waiting_parts" }))).toEqual(moved);
    expect(await written(() => change(shop.technician, id, { status: "completed" }))).toEqual(moved);
  });
});

describe("a delivery", () => {
  const rest = { delivery_attempts: 1, deliveries: 4 };
  beforeAll(silence);

  test("to a webhook writes 5 rows a try: claiming and finishing 2 each, and the try", async () => {
    const hook = await receiver({ status: 500 }, { status: 200 });
    await addWebhook(on.app, shop.admin, hook.url, ["ticket.created"]);
    await create(shop.supervisor);
    expect(await written(() => on.deliver())).toEqual({ ...rest, webhook_endpoints: 1, all: 6 });
    expect(await written(() => on.deliverNext())).toEqual({ ...rest, webhook_endpoints: 1, all: 6 });
    await create(shop.supervisor);
    expect(await written(() => on.deliver())).toEqual({ ...rest, all: 5 });
  });

  test("to a phone writes 11, and 10 when there is none", async () => {
    await silence();
    const told = { ...rest, push_logs: 3, ticket_timeline: 2 };
    await create(shop.supervisor, { assigned_to: shop.technician.id });
    expect(await written(() => on.deliver())).toEqual({ ...told, all: 10 });
    await addDevice(on.app, shop.technician, (await receiver({ status: 201 })).url);
    await create(shop.supervisor, { assigned_to: shop.technician.id });
    expect(await written(() => on.deliver())).toEqual({ ...told, push_subscriptions: 1, all: 11 });
  });
});

test("a whole life writes 81 rows, of 90 that it may", async () => {
  await silence();
  await addDevice(on.app, shop.technician, (await receiver({ status: 201 })).url);
  await addWebhook(on.app, shop.admin, (await receiver({ status: 200 })).url, ["ticket.created"]);
  const by = shop.technician;
  let id = 0;
  const steps: [string, () => Promise<unknown>][] = [
    ["created with an assignee", async () => (id = await create(shop.supervisor, { assigned_to: by.id }))],
    ["its push and its webhook", () => on.deliver()],
    ["diagnostic", () => change(by, id, { status: "diagnostic" })],
    ["in_progress", () => change(by, id, { status: "in_progress" })],
    ["comment", () => comment(by, id)],
    ["waiting_parts", () => change(by, id, { status: "waiting_parts" })],
    ["another comment", () => comment(by, id)],
    ["completed", () => change(by, id, { status: "completed" })],
    ["three pushes to the reporter, who has no phone", () => on.deliver()],
  ];
  const rows: Record<string, number | undefined> = {};
  for (const [step, request] of steps) rows[step] = (await written(request)).all;
  expect(rows).toEqual({
    "created with an assignee": 21,
    "its push and its webhook": 16,
    diagnostic: 6,
    in_progress: 6,
    comment: 8,
    waiting_parts: 6,
    "another comment": 8,
    completed: 10,
    "three pushes to the reporter, who has no phone": 30,
  });
});

test("a line of an import writes 14 rows", async () => {
  const lines = (count: number) =>
    ["title;machine", ...Array.from({ length: count }, (_, index) => `Spindle vibrates ${index};Haas VF-2`)].join("\n");
  const rows = await written(async () => reported(await postCsv(on.app, shop.admin, lines(100))));
  expect(rows).toEqual({ ticket_counters: 3, tickets: 1100, ticket_timeline: 100, idempotency_keys: 200, all: 1403 });
});

describe("a minute without anything to do", () => {
  /** The first run that finds nothing to do any more, while all that is due goes out. */
  async function idleMinute() {
    for (let run = 0; run < 200; run++) {
      await silence();
      on.advance(60);
      counted.take();
      await on.cron();
      const { rowsRead, rowsWritten } = counted.take();
      if (rowsWritten === 0) return { rowsRead, rowsWritten };
    }
    throw new Error("there is always something to do");
  }

  const MOST = 80;

  test("writes nothing and reads 80 rows at most, with a few tickets", async () => {
    const { rowsRead } = await idleMinute();
    expect(rowsRead).toBeLessThanOrEqual(MOST);
  });

  test("and the same with 20,000 tickets, 1,000 of them overdue, and 40,000 deliveries", async () => {
    await execute(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
       INSERT INTO tickets (ticket_id, title, description, status, machine_id, machine_type_id, reported_by, reporter_name,
                            assigned_to, reported_at, created_at, updated_at, completed_at, scheduled_date, search_text)
       SELECT printf('CNC-0126-%04d', i), '${TITLE}', '${DESCRIPTION}', iif(i % 20, 'completed', 'in_progress'), m.id,
              m.machine_type_id, ${shop.supervisor.id}, 'Samuel', ${shop.technician.id}, at, at, at, iif(i % 20, at, NULL), at,
              ' spindle bearing vibrates loudly again ' || i
       FROM (SELECT i, strftime('%Y-%m-%dT%H:%M:%fZ', '2026-11-20T15:00:00Z', (-i) || ' minutes') AS at FROM n),
            machines m WHERE m.id = ${shop.machine_id}`,
    );
    const { rowsRead } = await idleMinute();
    await execute(
      `INSERT INTO deliveries (channel, target, subject, event_type, payload, status, created_at, updated_at, completed_at)
       SELECT c.value, c.value || ':1', 'ticket:' || t.id, 'ticket.created', '{}', 'completed', t.created_at, t.created_at, t.created_at
       FROM tickets t, json_each('["push", "webhook"]') c`,
    );
    counted.take();
    await on.cron();
    expect(counted.take()).toMatchObject({ rowsRead, rowsWritten: 0 });
    expect(rowsRead).toBeLessThanOrEqual(MOST);
  });
});
