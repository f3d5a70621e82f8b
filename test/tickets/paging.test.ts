import { beforeAll, describe, expect, test } from "vitest";
import type { Role } from "../../src/vocabulary/roles.ts";
import { machine, type Person, queryAll } from "../helpers.ts";
import { crew, openDesk, problemOf } from "./desk.ts";
import { pageOf, walk } from "./pages.ts";
import { randomNumbers, randomTickets, stock } from "./stock.ts";

const desk = openDesk("2026-11-20T15:00:00.000Z");
let people: Record<Role, Person>;
let machine_id: number;

beforeAll(async () => {
  people = await crew();
  machine_id = await machine();
  const shop = { machines: [{ id: machine_id, code: "CNC" }], people: [people.technician.id], customers: [null] };
  await stock(randomTickets(120, shop, 7));
});

const present = (order: string) =>
  queryAll<{ id: number }>(`SELECT id FROM tickets WHERE deleted_at IS NULL ORDER BY ${order}`).then((rows) =>
    rows.map(({ id }) => id),
  );

describe("while tickets are created and changed between and during the pages", () => {
  /** Somebody else's work on the desk: new tickets, edits, comments. */
  async function traffic(random: ReturnType<typeof randomNumbers>, ids: number[]) {
    desk.clock.pass(random.below(2));
    await Promise.all([
      desk.create(people.operator, { machine_id }),
      desk.change(people.supervisor, random.pick(ids), { title: `Seen to ${random.below(1_000_000)}` }),
      desk.comment(people.operator, random.pick(ids), "Smoke"),
    ]);
  }

  test("newest first: none of the tickets there were repeats, none is missing", async () => {
    const random = randomNumbers(1);
    const ids = await present("created_at DESC, id DESC");
    const seen = await walk(desk, people.operator, "/api/tickets", 7, () => traffic(random, ids));
    expect(seen).toEqual(ids);
  });

  test("newest first, with the traffic in the same moment as each page", async () => {
    const random = randomNumbers(2);
    const ids = await present("created_at DESC, id DESC");
    let running: Promise<unknown> = Promise.resolve();
    const seen = await walk(desk, people.operator, "/api/tickets", 11, async () => {
      await running;
      running = traffic(random, ids);
    });
    await running;
    expect(seen).toEqual(ids);
  });

  test("oldest first: the new ones follow at the end", async () => {
    const random = randomNumbers(3);
    const ids = await present("created_at, id");
    const seen = await walk(desk, people.operator, "/api/tickets?sort=created_at", 20, () => traffic(random, ids));
    expect(seen.slice(0, ids.length)).toEqual(ids);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual((await present("created_at, id")).slice(0, seen.length));
    expect(seen.length).toBeGreaterThan(ids.length);
  });

  test("a ticket deleted between two pages takes no other with it", async () => {
    const ids = await present("created_at DESC, id DESC");
    const gone: number[] = [];
    const seen = await walk(desk, people.operator, "/api/tickets", 25, async (page) => {
      // The last of the page just read, and one of those to come.
      for (const id of [ids[page * 25 - 1], ids[page * 25 + 3]]) {
        if (id && (await desk.remove(people.admin, id)).status === 204) gone.push(id);
      }
    });
    const unseen = gone.filter((id) => !seen.includes(id));
    expect(unseen.length).toBeGreaterThan(1);
    expect(seen).toEqual(ids.filter((id) => !unseen.includes(id)));
  });
});

describe("cursors", () => {
  const cursorOf = async (path: string) => (await pageOf(desk, people.operator, path)).next_cursor ?? "";
  const SORTS = ["-created_at", "created_at", "-updated_at", "priority"];

  test.each(SORTS)("one of %s fits no other order", async (sort) => {
    const cursor = await cursorOf(`/api/tickets?limit=1&sort=${sort}`);
    expect(cursor).toMatch(/^[\w-]+$/);
    for (const other of SORTS) {
      const response = await desk.get(people.operator, `/api/tickets?limit=1&sort=${other}&cursor=${cursor}`);
      if (other === sort) expect(response.status).toBe(200);
      else await problemOf(response, 400, "invalid_cursor");
    }
    await problemOf(await desk.get(people.operator, `/api/me/queue?cursor=${cursor}`), 400, "invalid_cursor");
  });

  const forged = (value: unknown) => Buffer.from(JSON.stringify(["tickets", value])).toString("base64url");
  const at = "2026-11-20T15:00:00.000Z";
  test.each([
    ["garbage", "garbage"],
    ["no base64", "%F0%9F%94%A7"],
    ["a number", forged(5)],
    ["null", forged(null)],
    ["an object", forged({ sort: "-created_at" })],
    ["the order alone", forged(["-created_at"])],
    ["an empty key", forged(["-created_at", []])],
    ["a key cut short", forged(["-created_at", [at]])],
    ["a key too long", forged(["-created_at", [at, 1, 1]])],
    ["an instant that is none", forged(["-created_at", ["2026-13-45T99:00:00.000Z", 1]])],
    ["SQL for an instant", forged(["-created_at", ["' OR 1=1 --", 1]])],
    ["an id as text", forged(["-created_at", [at, "1"]])],
    ["a negative id", forged(["-created_at", [at, -1]])],
    ["half an id", forged(["-created_at", [at, 1.5]])],
    ["an id beyond numbers", forged(["-created_at", [at, 1e300]])],
    ["a list in the key", forged(["-created_at", [[at], 1]])],
    ["an unknown order", forged(["title", [at, 1]])],
    ["a timeline's cursor", forged([1])],
  ])("%s is refused", async (_, cursor) => {
    const path = `/api/tickets?cursor=${cursor}`;
    for (const suffix of ["", "&q=spindle", "&status=received"]) {
      await problemOf(await desk.get(people.operator, path + suffix), 400, "invalid_cursor");
    }
    await problemOf(await desk.get(people.operator, `/api/me/queue?cursor=${cursor}`), 400, "invalid_cursor");
  });

  test.each(["", "x".repeat(501)])("one of %j is refused by name", async (cursor) => {
    const response = await desk.get(people.operator, `/api/tickets?cursor=${cursor}`);
    expect(await problemOf(response, 400, "validation_failed")).toMatchObject({ errors: [{ path: "cursor" }] });
  });

  test("the page after the last is empty", async () => {
    const last = forged(["-created_at", ["1970-01-01T00:00:00.000Z", 1]]);
    expect(await pageOf(desk, people.operator, `/api/tickets?cursor=${last}`)).toEqual({
      tickets: [],
      next_cursor: null,
      link: null,
    });
  });
});

test.each([
  ["status", "open"],
  ["status", ""],
  ["status", "received,"],
  ["status", "Received"],
  ["status", "received;completed"],
  ["status", "received' OR '1'='1"],
  ["priority", "urgent"],
  ["priority", "3"],
  ["machine_id", "0"],
  ["machine_id", "-1"],
  ["machine_id", "1.5"],
  ["machine_id", "one"],
  ["machine_id", "1e3"],
  ["machine_id", "9999999999999999"],
  ["machine_id", "1 OR 1=1"],
  ["machine_type", "cnc"],
  ["machine_type", "X"],
  ["machine_type", "CNC' --"],
  ["assigned_to", "you"],
  ["assigned_to", ""],
  ["assigned_to", "0"],
  ["reported_by", "me"],
  ["customer_id", "x"],
  ["updated_after", "yesterday"],
  ["updated_after", "2026-11-20"],
  ["updated_after", "2026-02-30T00:00:00Z"],
  ["updated_after", "2026-11-20T15:00:00"],
  ["updated_after", "1795000000"],
  ["q", ""],
  ["q", "%20%20"],
  ["q", "x".repeat(201)],
  ["sort", "title"],
  ["sort", "-priority"],
  ["sort", "created_at; DROP TABLE tickets"],
  ["limit", "0"],
  ["limit", "101"],
  ["limit", "-1"],
  ["limit", "ten"],
  ["limit", "1.5"],
  ["limit", ""],
])("%s=%s is refused by name", async (name, value) => {
  const response = await desk.get(people.operator, `/api/tickets?${name}=${value}`);
  const { errors } = await problemOf(response, 400, "validation_failed");
  expect(new Set(errors?.map(({ path }) => path.split(".")[0]))).toEqual(new Set([name]));
});

test("a filter given twice is refused", async () => {
  const response = await desk.get(people.operator, "/api/tickets?status=received&status=completed");
  await problemOf(response, 400, "validation_failed");
});

test("an unknown parameter is refused", async () => {
  const response = await desk.get(people.operator, "/api/tickets?limit=2&view=board&status=received");
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: "unknown_parameter" });
});
