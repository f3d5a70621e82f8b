import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { execute, machine, type Person, person } from "../helpers.ts";
import { openDesk } from "./desk.ts";
import { pageOf, walk } from "./pages.ts";
import { stock } from "./stock.ts";

// A word that more machines have than any list of them would hold, each with a ticket of its own.
const MACHINES = 700;
const { database, take } = countedDatabase(env.DB);
const desk = openDesk(undefined, { DB: database });
let reader: Person;
let first: number;

beforeAll(async () => {
  reader = await person("technician");
  first = await machine("CNC", "Press 1");
  const at = "2026-01-01T00:00:00.000Z";
  await execute(
    `INSERT INTO machines (machine_type_id, name, qr_token, search_text, created_at, updated_at)
     WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ${MACHINES})
     SELECT m.machine_type_id, 'Press ' || i, printf('q%021d', i), ' press ' || i || ' hall', '${at}', '${at}'
     FROM n, machines m WHERE m.id = ${first}`,
    `UPDATE machines SET search_text = ' press 1 hall' WHERE id = ${first}`,
  );
  await stock(
    Array.from({ length: MACHINES }, (_, index) => ({
      id: index + 1,
      title: index % 100 === 0 ? "oil leaks" : "belt worn",
      status: "received" as const,
      priority: "low" as const,
      machine_id: first + index,
      machine_type: "CNC",
      customer_id: null,
      reported_by: reader.id,
      assigned_to: null,
      is_machine_down: false,
      created_at: new Date(Date.parse(at) + index * 60_000).toISOString(),
      updated_at: at,
      deleted: false,
    })),
  );
});

const list = (q: string, more = "") => `/api/tickets?q=${encodeURIComponent(q)}${more}`;

describe("a word of 700 machines", () => {
  test("finds the tickets of all of them", async () => {
    const expected = Array.from({ length: MACHINES }, (_, index) => MACHINES - index);
    expect(await walk(desk, reader, list("press"), 100)).toEqual(expected);
    expect(await walk(desk, reader, list("pre hal"), 100)).toEqual(expected);
  });

  test("together with others, the rarest first", async () => {
    expect(await walk(desk, reader, list("hall oil"), 3)).toEqual([601, 501, 401, 301, 201, 101, 1]);
    expect(await walk(desk, reader, list("press 650"), 50)).toEqual([650]);
  });
});

test.each([
  ["press", ""],
  ["press hall belt worn", ""],
  ["CNC-0120-0007", ""],
  ["VF-2 press", ""],
  ["press", "&status=received,diagnostic,in_progress,waiting_parts,completed,cancelled,archived"],
])("the search for %j%s takes two trips", async (q, more) => {
  // Whoever asks is looked up first.
  await pageOf(desk, reader, list("nothing"));
  take();
  await pageOf(desk, reader, "/api/tickets?limit=1");
  const { trips } = take();
  await pageOf(desk, reader, list(q, more));
  expect(take().trips - trips).toBe(1);
});

test("a word reads each machine twice at most, beside the tickets that it is looked for in", async () => {
  take();
  await pageOf(desk, reader, list("belt"));
  const one = take().rowsRead;
  // Twice the machines, the hits among the tickets, and the page.
  expect(one).toBeLessThan(2 * MACHINES + 2 * MACHINES + MACHINES + 500);
  await pageOf(desk, reader, list("press hall belt worn"));
  expect(take().rowsRead).toBeLessThan(4 * one);
});
