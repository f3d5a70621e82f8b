import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { subscriptionKeys } from "../test/push/subscription-keys.ts";
import { COUNT_HEADER, CRON_PATH, DRAIN_PATH } from "./cases.ts";
import { TECHNICIAN } from "./data.ts";
import { execute, writtenTickets } from "./fill.ts";
import { type BenchServer, type Stage, signIn } from "./server.ts";
import { median } from "./statistics.ts";
import { watchLogs } from "./wal.ts";

/** How often each is measured. */
const TIMES = 9;
const API_KEY = `sft_${"BenchKey".repeat(8)}`;

/** What one operation costs the database: the most of all times; of pages the median. */
export interface Cost {
  /** Calls of the database, one after the other or not. */
  trips: number;
  rowsRead: number;
  /** Entries of indexes included: what the platform bills. */
  rowsWritten: number;
  /** Of the write-ahead log. */
  walPages: number;
}

export type Costs = Record<string, Cost>;

interface Asked {
  method?: string;
  body?: object;
  /** Bearer token; the supervisor's unless told. */
  token?: string;
  headers?: Record<string, string>;
  /** In an isolate that has answered nothing before. */
  isNew?: boolean;
}

/** Accepts every push and webhook. */
async function acceptAll() {
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(201).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

function client(server: BenchServer, stage: Stage) {
  const logs = watchLogs(server.folder);
  const ask = async (path: string, asked: Asked = {}) => {
    const { method = "GET", body, token = stage.token, headers, isNew } = asked;
    logs.take();
    const response = await fetch(new URL(path, server.url), {
      method,
      headers: {
        [COUNT_HEADER]: isNew ? "new" : "warm",
        "content-type": "application/json",
        authorization: `Bearer ${token}`,
        ...(method !== "GET" && { "idempotency-key": randomUUID() }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    const counted = JSON.parse(response.headers.get(COUNT_HEADER) ?? "null") as Omit<Cost, "walPages">;
    const { trips, rowsRead, rowsWritten } = counted;
    return { cost: { trips, rowsRead, rowsWritten, walPages: logs.take() }, body: text };
  };
  /** Delivers all that is due. */
  const deliver = async () => {
    const { results } = await stage.db.prepare("SELECT id FROM deliveries WHERE status = 'pending'").all();
    return ask(DRAIN_PATH, { method: "POST", body: { ids: results.map(({ id }) => id) } });
  };
  return { ask, deliver };
}

const sum = (costs: Cost[]): Cost => {
  const total = (name: keyof Cost) => costs.reduce((all, cost) => all + cost[name], 0);
  return {
    trips: total("trips"),
    rowsRead: total("rowsRead"),
    rowsWritten: total("rowsWritten"),
    walPages: total("walPages"),
  };
};

const worst = (costs: Cost[]): Cost => {
  const most = (name: keyof Cost) => Math.max(...costs.map((cost) => cost[name]));
  return {
    trips: most("trips"),
    rowsRead: most("rowsRead"),
    rowsWritten: most("rowsWritten"),
    // The local D1 writes pages of its own for every call. Where a request writes nothing, they are all.
    walPages: most("rowsWritten") > 0 ? Math.round(median(costs.map((cost) => cost.walPages)) ?? Number.NaN) : 0,
  };
};

/** A phone, an API key and a customer with an address; all that is sent goes to `origin`. */
async function furnish({ db }: Stage, origin: string): Promise<void> {
  const { keys } = subscriptionKeys();
  const key = createHash("sha256").update(API_KEY).digest("base64url");
  await execute(db, [
    `UPDATE webhook_endpoints SET url = '${origin}/hook', active = 0`,
    `INSERT INTO push_subscriptions (user_id, endpoint, p256dh, auth, created_at, last_used_at)
     VALUES (2, '${origin}/phone', '${keys.p256dh}', '${keys.auth}', '2026', '2026')`,
    `INSERT INTO api_keys (key, prefix, user_id, rate_limit_time_window, rate_limit_max, created_at, updated_at)
     VALUES ('${key}', 'sft_', 1, 60000, 600, '2026', '2026')`,
    `INSERT INTO customers (name, email, created_at, updated_at) VALUES ('Jeanne', 'jeanne@atelier.example', '2026', '2026')`,
    "INSERT INTO contact_preferences (customer_id, updated_at) VALUES (1, '2026')",
  ]);
}

/** Measures what each kind of request, delivery and cron run costs, by numbers that the machine's load does not change. */
export async function measureCosts(server: BenchServer): Promise<Costs> {
  const [stage] = server.stages;
  if (!stage) throw new Error("a database is needed");
  const receiver = await acceptAll();
  await furnish(stage, receiver.origin);
  const { ask, deliver } = client(server, stage);
  const technician = await signIn(server.url, stage.dataset, TECHNICIAN);
  const texts = writtenTickets(10_000, 4);
  const costs: Costs = {};

  const measured = async (name: string, once: () => Promise<Cost>) => {
    const times: Cost[] = [];
    for (let time = 0; time < TIMES; time++) times.push(await once());
    costs[name] = worst(times);
  };
  const listening = (active: 0 | 1) => execute(stage.db, [`UPDATE webhook_endpoints SET active = ${active}`]);
  const create = async (members: object = {}, asked: Asked = {}) => {
    const { title, description } = texts.next().value as { title: string; description: string };
    const body = { title, description, priority: "high", machine_id: 1, ...members };
    const created = await ask("/api/tickets", { method: "POST", body, ...asked });
    const { ticket } = JSON.parse(created.body) as { ticket: { id: number; ticket_id: string } };
    return { ...created, ticket, path: `/api/tickets/${ticket.id}` };
  };
  const minute = async () => (await ask(CRON_PATH, { method: "POST" })).cost;
  /** Nothing is due, and the cron run finds nothing to do. */
  const settle = async () => {
    for (let run = 0; run < 1000; run++) {
      await execute(stage.db, [
        `UPDATE deliveries SET status = 'completed', completed_at = updated_at, next_attempt_at = NULL
         WHERE status = 'pending'`,
      ]);
      if ((await minute()).rowsWritten === 0) return;
    }
    throw new Error("the cron run finds something to write each minute");
  };
  /** To an isolate that is new no session is known, either. */
  const asNew = async () => ({ isNew: true, token: await signIn(server.url, stage.dataset) });
  // What is measured first is no more expensive than what follows.
  await ask("/api/me");
  await settle();

  await measured("idle minute", minute);
  await measured("create", async () => (await create()).cost);
  await measured("create, new isolate", async () => (await create({}, await asNew())).cost);
  await measured("create, assigned", async () => (await create({ assigned_to: 2 })).cost);
  await listening(1);
  await measured("create, webhook", async () => (await create()).cost);
  await measured("deliver a webhook", async () => {
    await settle();
    await create();
    return (await deliver()).cost;
  });
  // Each stops a machine that has run. The first row that a table numbers makes the row that the number is kept in.
  let machine_id = 2;
  const planned = { assigned_to: 2, customer_id: 1, scheduled_date: "2030-01-01T08:00:00Z" };
  const everything = () => create({ ...planned, is_machine_down: true, machine_id: machine_id++ });
  await everything();
  await measured("create, everything", async () => (await everything()).cost);
  await listening(0);
  await measured("deliver a push", async () => {
    await settle();
    await create({ assigned_to: 2 });
    return (await deliver()).cost;
  });

  const mine = async () => (await create({ assigned_to: 2 })).path;
  const change = async (path: string, body: object, token = technician) =>
    (await ask(path, { method: "PATCH", body, token })).cost;
  const description = "The bearing on the drive side is worn. Elle chauffe après dix minutes.";
  await measured("edit the description", async () => change(await mine(), { description }, stage.token));
  await measured("move", async () => change(await mine(), { status: "in_progress" }));
  await measured("complete", async () => {
    const path = await mine();
    await change(path, { status: "in_progress" });
    return change(path, { status: "completed", comment: "Done." });
  });
  await measured("assign", async () => change((await create()).path, { assigned_to: 2 }, stage.token));
  const comment = async (path: string) =>
    (await ask(`${path}/comments`, { method: "POST", body: { body: "Bearing ordered." }, token: technician })).cost;
  await measured("comment", async () => comment(await mine()));
  await measured(
    "acknowledge",
    async () => (await ask(`${await mine()}/acknowledge`, { method: "POST", token: technician })).cost,
  );

  await listening(1);
  await measured("a whole life", async () => {
    await settle();
    const { cost, path } = await create({ assigned_to: 2 });
    const steps = [cost, (await deliver()).cost];
    for (const status of ["diagnostic", "in_progress", "waiting_parts"]) steps.push(await change(path, { status }));
    steps.push(await comment(path), await comment(path), await change(path, { status: "completed" }));
    return sum(steps);
  });
  await listening(0);
  await settle();

  const { path } = await create({ assigned_to: 2 });
  const reads: Record<string, string> = {
    "get a ticket": path,
    "get its timeline": `${path}/timeline`,
    "list, newest": "/api/tickets",
    "list, open by priority": "/api/tickets?status=received,in_progress&sort=priority",
    "list, completed on a machine": "/api/tickets?status=completed&machine_id=3",
    "search, a rare word": "/api/tickets?q=zwischenwelle",
    "search, a common word": "/api/tickets?q=spindle",
    "search, three words": "/api/tickets?q=pump+filter+broken",
    "search, a number": "/api/tickets?q=CNC-0120-000123",
    "my queue": "/api/me/queue",
    "list machines": "/api/machines",
    "delivery health": "/api/deliveries/health",
  };
  for (const [name, address] of Object.entries(reads)) await measured(name, async () => (await ask(address)).cost);
  await measured("get a ticket, new isolate", async () => (await ask(path, await asNew())).cost);
  const withKey = { headers: { "x-api-key": API_KEY, authorization: "" } };
  await ask(path, withKey);
  await measured("get a ticket, API key", async () => (await ask(path, withKey)).cost);
  receiver.close();
  return costs;
}

const COLUMNS = ["trips", "rowsRead", "rowsWritten", "walPages"] as const;

/** Which pages hold what is written depends a little on the time of day; all else is the same in every run. */
const PAGES_LEEWAY = 1.1;

/** What has grown, in words. */
export const grown = (costs: Costs, committed: Costs): string[] =>
  Object.entries(costs).flatMap(([name, cost]) => {
    const old = committed[name];
    if (!old) return [`${name} is not in the table`];
    const limit = (column: keyof Cost) =>
      column === "walPages" ? Math.ceil(old.walPages * PAGES_LEEWAY) : old[column];
    return COLUMNS.filter((column) => cost[column] > limit(column)).map(
      (column) => `${name}: ${column} ${old[column]} → ${cost[column]}`,
    );
  });

/** The costs as lines of plain text; what the table has otherwise stands in brackets. */
export function describeCosts(costs: Costs, committed: Costs): string {
  const cell = (name: string, column: (typeof COLUMNS)[number]) => {
    const [now, then] = [costs[name]?.[column], committed[name]?.[column]];
    return `${now}${then === undefined || then === now ? "" : ` (${then})`}`.padStart(14);
  };
  return [
    `${"What each costs the database".padEnd(32)}${COLUMNS.map((column) => column.padStart(14)).join("")}`,
    ...Object.keys(costs).map((name) => `  ${name.padEnd(30)}${COLUMNS.map((column) => cell(name, column)).join("")}`),
  ].join("\n");
}
