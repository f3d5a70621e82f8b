import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { stage } from "../deliveries/stage.ts";
import { execute, type Person, person, send } from "../helpers.ts";
import { planOf, recordingDatabase, type Statement } from "../tickets/plan.ts";
import { addCustomer } from "./customers.ts";
import { stripeStage } from "./stripe-stage.ts";

// What each step of a job's life costs does not depend on how many jobs there are. The statements are those that the
// Worker really runs; the plans are SQLite's.

let admin: Person;
const JOBS = 3000;

beforeAll(async () => {
  admin = await person("admin");
  await execute(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${JOBS})
     INSERT INTO deliveries (channel, target, subject, event_type, payload, status, next_attempt_at, completed_at, created_at, updated_at)
     SELECT 'stripe', 'stripe:customers', 'customer:' || (100000 + i), 'customer.sync', '{}', status,
            iif(status = 'pending', at, NULL), iif(status = 'completed', at, NULL), at, at
     FROM (SELECT i, CASE i % 3 WHEN 0 THEN 'completed' WHEN 1 THEN 'pending' ELSE 'failed' END AS status,
                  '2026-11-20T10:00:00.000Z' AS at FROM n)`,
  );
});

const READS_DELIVERIES = /^(SCAN|SEARCH) (deliveries|d)\b/;
/** Few rows are processed at any time, and this index holds no others. */
const LEASED = /^(SCAN|SEARCH) deliveries USING (COVERING )?INDEX deliveries_leased\b/;

/** The steps of every statement that read deliveries otherwise than by a search in an index. */
async function scans(statements: Statement[]): Promise<string[]> {
  const found: string[] = [];
  for (const statement of statements) {
    for (const step of await planOf(statement)) {
      if (!READS_DELIVERIES.test(step) || LEASED.test(step)) continue;
      if (!/^SEARCH \w+ USING (INTEGER PRIMARY KEY|(COVERING )?INDEX \w+)/.test(step))
        found.push(`${step}: ${statement.sql}`);
    }
  }
  return found;
}

describe("no statement looks through the deliveries", () => {
  type Opened = ReturnType<typeof stripeStage>;
  const steps: [string, (opened: Opened) => Promise<unknown>][] = [
    [
      "when a customer is added and changed",
      async ({ on }) => {
        const id = await addCustomer(on.app, admin);
        await on.app.request(`/api/customers/${id}`, send(admin, { name: "Other" }, {}, "PATCH"));
      },
    ],
    [
      "when customers are erased and removed",
      async ({ on }) => {
        for (const query of ["?erase=true", ""]) {
          const id = await addCustomer(on.app, admin);
          await on.app.request(`/api/customers/${id}${query}`, send(admin, undefined, {}, "DELETE"));
        }
      },
    ],
    ["when all customers are enqueued", ({ on }) => on.app.request("/api/sync/customers", send(admin, {}))],
    [
      "when some customers are enqueued",
      ({ on }) => on.app.request("/api/sync/customers", send(admin, { ids: [1, 2] })),
    ],
    [
      "when a job is claimed, sent and finished",
      async ({ on }) => {
        await addCustomer(on.app, admin);
        await on.deliver();
      },
    ],
    [
      "when the channel pauses, is probed and goes on",
      async ({ on, stripe }) => {
        await stripe.refuse(401);
        await addCustomer(on.app, admin);
        await on.deliver();
        on.advance(301);
        await on.cron();
        await on.app.request("/api/sync/resume", { ...send(admin), method: "POST" });
        on.lose();
      },
    ],
    ["in the cron run of a minute", ({ on }) => on.cron()],
    ["in the health report", ({ on }) => on.app.request("/api/deliveries/health", send(admin))],
    ["in the progress report", ({ on }) => on.app.request("/api/sync", send(admin))],
    ["in a cleanup", ({ on }) => on.app.request("/api/deliveries/cleanup", send(admin, { older_than_hours: 720 }))],
    ["in the list of one customer", ({ on }) => on.app.request("/api/deliveries?subject=customer:100001", send(admin))],
  ];

  test.each(steps)("%s", async (_, step) => {
    const { database, statements } = recordingDatabase();
    const opened = stripeStage({ DB: database });
    statements.length = 0;
    await step(opened);
    expect(statements.some(({ sql }) => sql.includes("deliveries"))).toBe(true);
    expect(await scans(statements)).toEqual([]);
  });
});

test.each(["", "?channel=stripe", "?channel=stripe&status=completed"])(
  "a page of the list is read in its own order, not sorted from all that match: %s",
  async (query) => {
    const { database, take } = countedDatabase(env.DB);
    const { on } = stripeStage({ DB: database });
    take();
    expect((await on.app.request(`/api/deliveries${query}`, send(admin))).status).toBe(200);
    // Fifty and one more, of which each third may be meant; with a look-up each.
    expect(take().rowsRead).toBeLessThan(500);
  },
);

test("the health report reads entries of the indexes that it counts, and no row of the table", async () => {
  const { database, take } = countedDatabase(env.DB);
  const { on } = stripeStage({ DB: database });
  const { results } = await env.DB.prepare(
    "EXPLAIN QUERY PLAN SELECT COUNT(*) FROM deliveries INDEXED BY deliveries_due WHERE status = 'pending' AND channel = 'stripe'",
  ).all<{ detail: string }>();
  expect(results.map(({ detail }) => detail)).toEqual([
    "SEARCH deliveries USING COVERING INDEX deliveries_due (channel=?)",
  ]);
  take();
  await on.app.request("/api/deliveries/health", send(admin));
  // What is pending and what has failed, once each; completed rows not at all. The schema is read for the definition.
  expect(take().rowsRead).toBeLessThan((JOBS * 2) / 3 + 200);
});

test("should somebody rebuild the table without its constraints, the report finds what they let in", async () => {
  await execute(
    "ALTER TABLE deliveries RENAME TO deliveries_before",
    `CREATE TABLE deliveries (
       id INTEGER PRIMARY KEY, channel TEXT, target TEXT, subject TEXT, event_type TEXT, payload TEXT, status TEXT,
       attempts INTEGER, next_attempt_at TEXT, lease_token TEXT, lease_until TEXT, generation INTEGER,
       claimed_generation INTEGER, last_error TEXT, created_at TEXT, updated_at TEXT, completed_at TEXT)`,
    ...["due", "leased", "failed"].map((name) => `DROP INDEX deliveries_${name}`),
    "CREATE INDEX deliveries_due ON deliveries (channel, next_attempt_at) WHERE status = 'pending'",
    "CREATE INDEX deliveries_leased ON deliveries (lease_until) WHERE status = 'processing'",
    "CREATE INDEX deliveries_failed ON deliveries (channel, updated_at) WHERE status = 'failed'",
    ...[
      ["'stripe'", "'customer.sync'", "'{}'", "'pending'"],
      ["'stripe'", "'customer.sync'", "'{}'", "'pending'"],
      ["'stripe'", "NULL", "'{}'", "'pending'"],
      ["'stripe'", "'a'", "'{'", "'completed'"],
      ["'stripe'", "'b'", "'{}'", "'unknown'"],
    ].map(
      ([channel, event, payload, status]) =>
        `INSERT INTO deliveries (channel, target, subject, event_type, payload, status, next_attempt_at)
         VALUES (${channel}, 'stripe:customers', 'customer:1', ${event}, ${payload}, ${status}, '2026-11-20T10:00:00.000Z')`,
    ),
  );
  const on = stage({ settings: { LOG_LEVEL: "silent" } });
  const health = await (await on.app.request("/api/deliveries/health", send(admin))).json();
  expect(health).toMatchObject({ duplicates: 1, invalid: 3, pending: 3, stuck: 3 });
});
