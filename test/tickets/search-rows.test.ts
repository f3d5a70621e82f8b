import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { textsFrom, type Word, written } from "../../bench/texts.ts";
import { createContext } from "../../src/context.ts";
import { searchText } from "../../src/search/words.ts";
import { fileWords } from "../../src/tickets/filing.ts";
import { realWorld } from "../../src/world.ts";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { bindings, execute, machine, type Person, person, queryAll } from "../helpers.ts";
import { openDesk } from "./desk.ts";
import { pageOf } from "./pages.ts";
import { PRIORITIES, STATUSES, type Stocked, stock } from "./stock.ts";

// What searches and filing cost in a shop of many years, with texts as people write them.
const COUNT = 20_000;
const MACHINES = 20;
const { database, take, costs } = countedDatabase(env.DB);
const desk = openDesk("2026-11-20T15:00:00.000Z", { DB: database });
const ctx = createContext(bindings({ DB: database }), realWorld, {});
const texts = textsFrom(11);
let admin: Person;
let machines: number[];
/** Words of a ticket of long ago. */
let old: Word[];

const oneOf = <Item>(items: readonly Item[]): Item => items[Math.floor(texts.random() * items.length)] as Item;

/** Tickets with a title and sixty words more, which are not filed yet. */
async function fill(from: number, to: number): Promise<void> {
  const start = Date.parse("2020-01-01T00:00:00.000Z");
  const rows = Array.from({ length: to - from }, (_, index): Stocked => {
    const id = from + index + 1;
    const title = texts.title();
    const description = texts.description();
    if (id === 500) old = description;
    const created_at = new Date(start + id * 3_000_000).toISOString();
    const machine = oneOf(machines);
    return {
      id,
      title: written(title).slice(0, 200),
      // The last ones are open.
      status: oneOf(STATUSES.filter((_status, place) => place < 4 === id > COUNT - 200)),
      priority: oneOf(PRIORITIES),
      machine_id: machine,
      machine_type: machine % 2 ? "CNC" : "LAT",
      customer_id: null,
      reported_by: admin.id,
      assigned_to: oneOf([admin.id, admin.id, null]),
      is_machine_down: false,
      created_at,
      updated_at: new Date(start + (id + Math.floor(texts.random() * 50)) * 3_000_000).toISOString(),
      deleted: false,
      search_text: searchText(`on ${id % 10 === 0 ? "tenth" : ""}`, written(title), written(description)),
    };
  });
  for (let at = 0; at < rows.length; at += 1000) await stock(rows.slice(at, at + 1000));
}

beforeAll(async () => {
  admin = await person("admin");
  machines = [];
  for (let n = 0; n < MACHINES; n++) machines.push(await machine(n % 2 ? "LAT" : "CNC", `Machine ${n}`));
  await execute("UPDATE machines SET search_text = ' line ' || id || iif(id % 4 = 0, ' haas', ' mazak')");
}, 60_000);

const filed = async () =>
  (await queryAll<{ up_to: number }>("SELECT MAX(up_to) AS up_to FROM search_blocks"))[0]?.up_to ?? 0;

describe("filing", () => {
  test("as tickets come in writes at most a row for five of them, merging included", async () => {
    let rows = 0;
    for (let from = 0; from < 8 * 256; from += 256) {
      await fill(from, from + 256);
      take();
      await fileWords(ctx);
      rows += take().rowsWritten;
    }
    expect(await filed()).toBe(8 * 256);
    expect(await queryAll("SELECT level FROM search_blocks")).toEqual([{ level: 1 }]);
    expect(rows).toBeLessThanOrEqual(0.2 * 8 * 256);
  });

  test("catches up with many in bounded steps, at no more rows", async () => {
    await fill(8 * 256, COUNT);
    let rows = 0;
    let runs = 0;
    for (let done = -1, now = await filed(); now > done; runs++) {
      take();
      await fileWords(ctx);
      const { statements, rowsWritten } = take();
      expect(statements).toBeLessThanOrEqual(20);
      rows += rowsWritten;
      [done, now] = [now, await filed()];
    }
    expect(COUNT - (await filed())).toBeLessThan(256);
    expect(runs).toBeLessThanOrEqual(6);
    expect(rows).toBeLessThanOrEqual(0.2 * COUNT);
  }, 120_000);

  test("in an idle minute writes nothing and reads next to nothing", async () => {
    take();
    await fileWords(ctx);
    const { trips, rowsRead, rowsWritten } = take();
    expect([trips, rowsWritten]).toEqual([1, 0]);
    expect(rowsRead).toBeLessThanOrEqual(10);
  });

  test("a creation writes no row for the search, an edit of a filed ticket's text one, any other change none", async () => {
    const rowsOf = async (what: () => Promise<unknown>) => {
      take();
      await what();
      return costs().filter(({ sql, rowsWritten }) => rowsWritten > 0 && sql.startsWith("INSERT INTO search_"));
    };
    let id = 0;
    expect(await rowsOf(async () => (id = (await desk.create(admin, { machine_id: machines[0] })).id))).toEqual([]);
    expect(await rowsOf(() => desk.change(admin, id, { title: "Not filed yet" }))).toEqual([]);
    expect(await rowsOf(() => desk.change(admin, 7, { priority: "critical" }))).toEqual([]);
    expect(await rowsOf(() => desk.change(admin, 7, { title: "Filed long ago" }))).toMatchObject([{ rowsWritten: 1 }]);
  });
});

describe("a search among 20,000 tickets", () => {
  const asked = async (q: string, more = "") => {
    take();
    await pageOf(desk, admin, "/api/tickets?limit=1");
    const plain = take();
    const { tickets } = await pageOf(desk, admin, `/api/tickets?q=${encodeURIComponent(q)}${more}`);
    const { trips, rowsRead } = take();
    return { hits: tickets.length, trips: trips - plain.trips, rowsRead };
  };
  const questions = (): [string, string][] => [
    ["a rare word", `${old[40]?.folded}`],
    [
      "the beginnings of several words",
      old
        .slice(3, 12)
        .map(({ folded }) => folded.slice(0, 4))
        .join(" "),
    ],
    ["four common words", "spindle vibrates machine coolant"],
    ["four common words in two languages", "spindle vibrates broche vibre"],
    ["twelve words", "the and on of to is in at it when after with"],
    ["a word on every ticket", "on"],
    ["a letter", "s"],
    ["two letters", "sp"],
    ["three letters", "spi"],
    ["a word on every tenth", "tenth"],
    ["a word that is nowhere", "xylophone"],
    ["a word that is nowhere beside one that is everywhere", "on xylophone"],
    ["a word of every machine", "line"],
    ["a word of every fourth machine", "haas"],
    ["machine and text", "haas spindle tenth"],
    ["a code", "CNC"],
    ["what every number of a code begins with", "LAT-0120"],
    ["a number", "CNC-0120-0777"],
    ["part of a number", "0777"],
  ];
  const FILTERS = [
    "",
    "&sort=created_at",
    "&sort=-updated_at",
    "&sort=priority",
    "&status=received,in_progress",
    "&status=completed&sort=-updated_at",
    "&assigned_to=none",
    "&assigned_to=me&sort=created_at",
    "&assigned_to=me&sort=priority",
    "&machine_type=CNC&priority=critical,high",
  ];

  test.each(FILTERS)(
    "takes two trips and reads at most 5,000 rows%s",
    async (more) => {
      for (const [name, q] of questions()) {
        const cost = await asked(q, more);
        expect({ name, ...cost, isCheap: cost.rowsRead <= 5000 && cost.trips <= 1 }).toMatchObject({ isCheap: true });
      }
    },
    60_000,
  );

  test("finds what the old ticket was filed under", async () => {
    const { tickets } = await pageOf(
      desk,
      admin,
      `/api/tickets?limit=100&q=${old
        .slice(0, 12)
        .map(({ folded }) => folded)
        .join("+")}`,
    );
    expect(tickets.map(({ id }) => id)).toContain(500);
  });
});
