import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { realWorld } from "../../src/world.ts";
import {
  type App,
  execute,
  machine,
  ORIGIN,
  type Person,
  person,
  queryAll,
  rowCounts,
  send,
  startApp,
} from "../helpers.ts";
import { brief, isChunk, lastNumber, postCsv, reported } from "./csv.ts";

const now = () => new Date("2026-11-20T15:00:00.000Z");
const app = startApp({ now });
let supervisor: Person;

beforeAll(async () => {
  supervisor = await person("supervisor");
});
afterEach(async () => {
  const triggers = await queryAll<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'trigger'");
  if (triggers.length > 0) await execute(...triggers.map(({ name }) => `DROP TRIGGER ${name}`));
});

const table = (code: string, count: number, numbers: (index: number) => string = () => "") =>
  [
    "ticket_id,title,machine",
    ...Array.from({ length: count }, (_, index) => `${numbers(index)},Line ${index},${code} machine`),
  ].join("\n");

const numbersOf = async (code: string) =>
  (
    await queryAll<{ ticket_id: string }>(
      "SELECT ticket_id FROM tickets WHERE ticket_id GLOB ? ORDER BY id",
      `${code}-*`,
    )
  ).map(({ ticket_id }) => ticket_id);

const number = (code: string, index: number) => `${code}-1126-${String(index).padStart(4, "0")}`;

test("creations during imports: every number once, none left out, the counter at the last", async () => {
  const machine_id = await machine("RACE");
  const creations = Array.from({ length: 40 }, (_, index) =>
    app.request("/api/tickets", send(supervisor, { title: `Ticket ${index}`, machine_id })),
  );
  const imports = [1, 2, 3].map(() => postCsv(app, supervisor, table("RACE", 700)));
  const reports = await Promise.all((await Promise.all(imports)).map(reported));
  for (const response of await Promise.all(creations)) expect(response.status).toBe(201);
  for (const report of reports) expect(report).toMatchObject({ imported: 700, failed: 0 });
  const all = await numbersOf("RACE");
  expect(all.sort()).toEqual(Array.from({ length: 2140 }, (_, index) => number("RACE", index + 1)).sort());
  expect(await lastNumber("RACE", "1126")).toBe(2140);
});

test("the same file twice at once: every number once, each line imported by one and skipped by the other", async () => {
  await machine("TWIN");
  const text = table("TWIN", 600, (index) => number("TWIN", index + 1));
  const reports = await Promise.all([1, 2].map(async () => reported(await postCsv(app, supervisor, text))));
  const sum = (status: "imported" | "skipped" | "failed") =>
    reports.reduce((total, report) => total + report[status], 0);
  expect([sum("imported"), sum("skipped"), sum("failed")]).toEqual([600, 600, 0]);
  expect(await numbersOf("TWIN")).toHaveLength(600);
});

test("a line that the database refuses is found among 500, and is the only one lost", async () => {
  await machine("BAD");
  await execute(
    `CREATE TRIGGER fault BEFORE INSERT ON tickets WHEN NEW.title IN ('Line 77', 'Line 430')
     BEGIN SELECT RAISE(ABORT, 'injected fault at /srv/secret'); END`,
  );
  const response = await postCsv(app, supervisor, table("BAD", 500));
  expect(await response.clone().text()).not.toContain("secret");
  const report = await reported(response);
  expect(report).toMatchObject({ total: 500, imported: 498, failed: 2 });
  expect(report.lines.filter(({ status }) => status === "failed").map(({ line }) => line)).toEqual([79, 432]);
  // No gap: what was refused took no number along.
  expect(await numbersOf("BAD")).toEqual(Array.from({ length: 498 }, (_, index) => number("BAD", index + 1)));
  expect(await lastNumber("BAD", "1126")).toBe(498);
});

test.each(["ticket_timeline", "ticket_counters", "idempotency_keys"])(
  "when nothing can be written to %s, nothing is, every line says so and the search for a culprit ends",
  async (name) => {
    const code = name.replaceAll("_", "").slice(-6).toUpperCase();
    await machine(code);
    await execute(`CREATE TRIGGER fault BEFORE INSERT ON ${name} BEGIN SELECT RAISE(ABORT, 'injected'); END`);
    const before = await rowCounts();
    const report = await reported(await postCsv(app, supervisor, table(code, 300)));
    expect(report).toMatchObject({ total: 300, imported: 0, failed: 300 });
    expect(await rowCounts()).toEqual(before);
  },
);

test.each([
  ["refuses every line", "RFA"],
  ["does not answer", "RFB"],
])("when the database %s, the counters stay as they were", async (how, code) => {
  const machine_id = await machine(code);
  await app.request("/api/tickets", send(supervisor, { title: "The first", machine_id }));
  const before = await rowCounts();
  const lines = table(code, 700, (index) => (index % 2 ? number(code, index + 50) : ""));
  const other = lines.replaceAll("-1126-", "-1026-").split("\n").slice(1).join("\n");
  const on = how === "does not answer" ? losing("before", 99) : app;
  await execute(
    `CREATE TRIGGER fault BEFORE INSERT ON tickets WHEN NEW.title LIKE 'Line %' BEGIN SELECT RAISE(ABORT, 'injected'); END`,
  );
  const report = await reported(await postCsv(on, supervisor, `${lines}\n${other}`));
  expect(report).toMatchObject({ total: 1400, imported: 0, failed: 1400 });
  expect(await rowCounts()).toEqual(before);
  expect(await lastNumber(code, "1126")).toBe(1);
  expect(await lastNumber(code, "1026")).toBeUndefined();
});

test("a ticket created while an import is at work takes none of the numbers still to come", async () => {
  const machine_id = await machine("AHEAD");
  // The first chunk brings no number along, the last line of the file does.
  const text = table("AHEAD", 900, (index) => (index === 899 ? number("AHEAD", 5000) : ""));
  let isDone = false;
  const importing = postCsv(app, supervisor, text, { query: "?allow_gaps=true" })
    .then(reported)
    .finally(() => {
      isDone = true;
    });
  let created = 0;
  while (!isDone) {
    const response = await app.request("/api/tickets", send(supervisor, { title: "Meanwhile", machine_id }));
    expect(response.status).toBe(201);
    created++;
  }
  expect(await importing).toMatchObject({ imported: 900, skipped: 0, failed: 0 });
  const all = await numbersOf("AHEAD");
  expect(new Set(all).size).toBe(900 + created);
  expect(all).toContain(number("AHEAD", 5000));
});

test("a number that somebody takes between the look and the write is skipped, and nothing else", async () => {
  const machineId = await machine("LATE");
  await execute(
    `CREATE TRIGGER fault BEFORE INSERT ON tickets WHEN NEW.title = 'Line 1' AND NEW.ticket_id = '${number("LATE", 8)}'
     BEGIN INSERT INTO tickets (ticket_id, title, machine_id, reported_by, reporter_name, reported_at, created_at, updated_at)
           SELECT '${number("LATE", 9)}', 'By hand', ${machineId}, ${supervisor.id}, 'X', '2026', '2026', '2026'
           WHERE NOT EXISTS (SELECT 1 FROM tickets WHERE ticket_id = '${number("LATE", 9)}'); END`,
  );
  const report = await reported(
    await postCsv(
      app,
      supervisor,
      table("LATE", 4, (index) => (index < 3 ? number("LATE", index + 7) : "")),
    ),
  );
  expect(brief(report)).toEqual([
    `2 imported ${number("LATE", 7)}`,
    `3 imported ${number("LATE", 8)}`,
    `4 skipped ${number("LATE", 9)} ticket_id`,
    `5 imported ${number("LATE", 10)}`,
  ]);
});

/** The application over a database that loses the answers of its next chunks. */
function losing(moment: "before" | "after commit", times: number): App {
  let left = times;
  const database = new Proxy(env.DB, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name !== "batch") return typeof member === "function" ? member.bind(target) : member;
      return async (statements: D1PreparedStatement[]) => {
        // What else there is to read and claim is not what is tested here.
        if (!isChunk(statements) || left === 0) return target.batch(statements);
        left--;
        if (moment === "after commit") await target.batch(statements);
        throw new Error("D1_ERROR: Network connection lost");
      };
    },
  });
  const lossy = createApp({ ...realWorld, now, sleep: async () => {} });
  return {
    async request(path, init = {}) {
      const execution = createExecutionContext();
      const response = await lossy.fetch(new Request(ORIGIN + path, init), { ...env, DB: database }, execution);
      await waitOnExecutionContext(execution);
      return response;
    },
  };
}

test.each(["before", "after commit"] as const)(
  "a connection lost %s is survived: every line once, with the number that it got",
  async (moment) => {
    const code = moment === "before" ? "NETA" : "NETB";
    await machine(code);
    const report = await reported(await postCsv(losing(moment, 2), supervisor, table(code, 20)));
    expect(report).toMatchObject({ imported: 20, failed: 0 });
    expect(await numbersOf(code)).toEqual(report.lines.map(({ ticket_id }) => ticket_id));
  },
);

test("a connection that stays lost is told line by line", async () => {
  await machine("NETC");
  const report = await reported(await postCsv(losing("before", 3), supervisor, table("NETC", 5)));
  expect(report).toMatchObject({ imported: 0, failed: 5 });
  expect(report.lines[0]?.errors[0]?.message).toMatch(/did not answer/);
  expect(await numbersOf("NETC")).toEqual([]);
});
