import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { breakingConnection } from "../db/connection.ts";
import { bindings, machine, type Person, person, queryAll, rowCounts, startApp } from "../helpers.ts";
import { expectCode, isChunk, lastNumber, reported } from "./csv.ts";

const NOW = Date.parse("2026-11-20T15:00:00.000Z");
let supervisor: Person;

beforeAll(async () => {
  supervisor = await person("supervisor");
});

/** The application `seconds` after the first import began. */
const later = (seconds: number, DB: D1Database = env.DB) =>
  startApp({ now: () => new Date(NOW + seconds * 1000), sleep: async () => undefined }, bindings({ DB }));

/**
 * A database before which the Worker dies: the batches of `chunks` chunks take place, and of the one after them nobody
 * hears any more.
 *
 * @param isWritten whether that one takes place, too.
 */
function lethal(chunks: number, isWritten = false) {
  let left = chunks;
  let die = () => {};
  const death = new Promise<void>((resolve) => {
    die = resolve;
  });
  const database = new Proxy(env.DB, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name !== "batch") return typeof member === "function" ? (member.bind(target) as unknown) : member;
      return async (statements: D1PreparedStatement[]) => {
        if (!isChunk(statements) || left-- > 0) return target.batch(statements);
        if (isWritten) await target.batch(statements);
        die();
        return new Promise(() => {});
      };
    },
  });
  return { database, death };
}

const table = (code: string, count: number, kept: (index: number) => string = () => "") =>
  ["ticket_id,title,machine", ...Array.from({ length: count }, (_, i) => `${kept(i)},Line ${i},${code} machine`)].join(
    "\n",
  );

const post = (app: ReturnType<typeof later>, body: string, key: string | null, query = "") =>
  app.request(`/api/tickets/import${query}`, {
    method: "POST",
    headers: {
      "content-type": "text/csv",
      authorization: `Bearer ${supervisor.token}`,
      ...(key && { "idempotency-key": key }),
    },
    body,
  });

const titlesOf = async (code: string) =>
  (await queryAll<{ title: string }>("SELECT title FROM tickets WHERE ticket_id GLOB ? ORDER BY id", `${code}-*`)).map(
    ({ title }) => title,
  );

test.each([
  ["between two chunks", "CRA", false],
  ["with a chunk written and its answer lost", "CRB", true],
])("an import that dies %s goes on where it stopped when it is repeated", async (_, code, isWritten) => {
  await machine(code);
  const kept = (index: number) => (index % 3 === 0 ? `${code}-1126-${String(index + 1).padStart(4, "0")}` : "");
  const text = table(code, 1300, kept);
  const { database, death } = lethal(1, isWritten);
  void post(later(0, database), text, `crash-${code}`);
  await death;
  expect(await titlesOf(code)).toHaveLength(isWritten ? 1000 : 500);

  const response = await post(later(61), text, `crash-${code}`);
  expect(response.headers.get("idempotency-replayed")).toBeNull();
  const report = await reported(response);
  expect(report).toMatchObject({ total: 1300, imported: 1300, skipped: 0, failed: 0 });
  const expected = Array.from({ length: 1300 }, (_, index) => `Line ${index}`);
  expect((await titlesOf(code)).sort()).toEqual(expected.sort());
  // Each line is reported with the number that it has.
  const numbers = new Map(
    (
      await queryAll<{ title: string; ticket_id: string }>(
        "SELECT title, ticket_id FROM tickets WHERE ticket_id GLOB ?",
        `${code}-*`,
      )
    ).map(({ title, ticket_id }) => [title, ticket_id]),
  );
  for (const { line, ticket_id } of report.lines) expect(ticket_id).toBe(numbers.get(`Line ${line - 2}`));
  expect(await lastNumber(code, "1126")).toBeLessThanOrEqual(1298 + 1300);

  const replay = await post(later(120), text, `crash-${code}`);
  expect(replay.headers.get("idempotency-replayed")).toBe("true");
  expect(await reported(replay)).toEqual(report);
});

test("it dies again and again, and every line is written once in the end", async () => {
  await machine("CRC");
  const text = table("CRC", 2100);
  for (let run = 0; run < 4; run++) {
    const { database, death } = lethal(1, run % 2 === 1);
    const answer = post(later(61 * run, database), text, "again");
    await Promise.race([death, answer]);
  }
  const report = await reported(await post(later(61 * 4), text, "again"));
  expect(report).toMatchObject({ imported: 2100, failed: 0 });
  const titles = await titlesOf("CRC");
  expect(titles).toHaveLength(2100);
  expect(new Set(titles).size).toBe(2100);
  expect(await lastNumber("CRC", "1126")).toBe(2100);
});

test("a first run that was only slow and one that repeats it write no line twice", async () => {
  await machine("CRD");
  const text = table("CRD", 1200);
  const [first, second] = await Promise.all([
    post(later(0), text, "slow").then(reported),
    // Its claim looks as though it had run out.
    post(later(61), text, "slow").then(reported),
  ]);
  for (const report of [first, second]) expect(report).toMatchObject({ imported: 1200, failed: 0 });
  expect(second.lines).toEqual(first.lines);
  expect(await titlesOf("CRD")).toHaveLength(1200);
  expect(await lastNumber("CRD", "1126")).toBe(1200);
});

test("another file under the key is refused, and lines of the first are not taken for its own", async () => {
  await machine("CRE");
  const { database, death } = lethal(1);
  void post(later(0, database), table("CRE", 600), "reused");
  await death;
  await expectCode(await post(later(61), table("CRE", 601), "reused"), 422, "idempotency_key_reused");
  expect(await titlesOf("CRE")).toHaveLength(500);
});

test("a connection lost after the commit is told as imported, kept numbers too", async () => {
  await machine("CRF");
  const { database } = breakingConnection(env.DB, "after commit", 1);
  const text = table("CRF", 4, (index) => (index < 2 ? `CRF-1126-000${index + 1}` : ""));
  const report = await reported(await post(later(0, database), text, null));
  expect(report).toMatchObject({ imported: 4, skipped: 0, failed: 0 });
  expect(await titlesOf("CRF")).toHaveLength(4);
});

test("without a key a file that is sent again doubles its lines without a number; a dry run keeps nothing", async () => {
  await machine("CRG");
  const text = table("CRG", 3);
  const before = await rowCounts();
  await reported(await post(later(0), text, null, "?dry_run=true"));
  expect(await rowCounts()).toEqual(before);
  for (const _ of [1, 2]) await reported(await post(later(0), text, null));
  expect(await titlesOf("CRG")).toHaveLength(6);
});
