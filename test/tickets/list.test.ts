import { beforeAll, describe, expect, test } from "vitest";
import { Ticket, TicketListOutput } from "../../src/tickets/schemas.ts";
import { type App, at, execute, machine, ORIGIN, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectRefusal } from "../problems.ts";
import { createdTicket, postTicket } from "./api.ts";

const Page = TicketListOutput.extend({ tickets: Ticket.strict().array() }).strict();
const app = startApp(at("2026-11-20T15:00:00.000Z"));
let operator: Person;
let machine_id: number;

beforeAll(async () => {
  operator = await person("operator");
  machine_id = await machine("CNC");
});

async function page(query: string, on: App = app) {
  const response = await on.request(`/api/tickets${query}`, send(operator));
  expect(response.status).toBe(200);
  return { ...Page.parse(await response.json()), link: response.headers.get("link") };
}

const create = async (instant: string, title = "Spindle vibrates") =>
  createdTicket(await postTicket(startApp(at(instant)), operator, { title, machine_id }));

/** Follows the pages to the end; `between` runs before each next page is asked for. */
async function allPages(limit: number, between: () => Promise<unknown> = async () => {}): Promise<number[]> {
  const ids: number[] = [];
  let query = `?limit=${limit}`;
  for (;;) {
    const { tickets, next_cursor } = await page(query);
    ids.push(...tickets.map((ticket) => ticket.id));
    if (!next_cursor) return ids;
    expect(tickets).toHaveLength(limit);
    await between();
    query = `?limit=${limit}&cursor=${encodeURIComponent(next_cursor)}`;
  }
}

test("an empty list is a page without a next one", async () => {
  expect(await page("")).toEqual({ tickets: [], next_cursor: null, link: null });
});

describe("with tickets", () => {
  let ids: number[];

  beforeAll(async () => {
    // Seven instants, four tickets each in the same millisecond: ties must neither repeat nor vanish.
    for (let index = 0; index < 28; index++) await create(`2026-11-1${Math.floor(index / 4)}T12:00:00.000Z`);
    const rows = await queryAll<{ id: number }>("SELECT id FROM tickets ORDER BY created_at DESC, id DESC");
    ids = rows.map((row) => row.id);
  });

  test.each([1, 2, 3, 4, 5, 7, 27, 28, 29, 100])(
    "pages of %i together hold every ticket once, newest first",
    async (limit) => {
      expect(await allPages(limit)).toEqual(ids);
    },
  );

  test("the default page has 50, and the last page has no cursor", async () => {
    const { tickets, next_cursor, link } = await page("");
    expect(tickets).toHaveLength(28);
    expect([next_cursor, link]).toEqual([null, null]);
  });

  test("a full last page is known to be the last", async () => {
    expect((await page("?limit=28")).next_cursor).toBeNull();
    expect((await page("?limit=27")).next_cursor).not.toBeNull();
  });

  test("the Link header leads to the same next page as the cursor", async () => {
    const first = await page("?limit=5");
    const url = /^<([^>]+)>; rel="next"$/.exec(first.link ?? "")?.[1] ?? "";
    expect(url).toMatch(new RegExp(`^${ORIGIN}/api/tickets\\?`));
    const byLink = await page(new URL(url).search);
    expect(byLink).toEqual(await page(`?limit=5&cursor=${encodeURIComponent(first.next_cursor ?? "")}`));
    expect(byLink.tickets.map((ticket) => ticket.id)).toEqual(ids.slice(5, 10));
  });

  test("tickets created while somebody pages neither repeat nor hide the others", async () => {
    expect(await allPages(3, () => create("2026-11-19T12:00:00.000Z", "Created meanwhile"))).toEqual(ids);
    await execute(
      "DELETE FROM ticket_timeline WHERE ticket_id IN (SELECT id FROM tickets WHERE title = 'Created meanwhile')",
      "DELETE FROM tickets WHERE title = 'Created meanwhile'",
    );
  });

  test("many tickets created at once while others page disturb no page", async () => {
    const creators = Promise.all(
      Array.from({ length: 40 }, () => create("2026-11-19T12:00:00.000Z", "Created meanwhile")),
    );
    const readers = await Promise.all([2, 3, 5].map((limit) => allPages(limit)));
    await creators;
    for (const seen of readers) {
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.filter((id) => ids.includes(id))).toEqual(ids);
    }
    await execute(
      "DELETE FROM ticket_timeline WHERE ticket_id IN (SELECT id FROM tickets WHERE title = 'Created meanwhile')",
      "DELETE FROM tickets WHERE title = 'Created meanwhile'",
    );
  });

  test("a ticket deleted between two pages takes no other with it", async () => {
    let deleted = 0;
    const seen = await allPages(4, async () => {
      if (deleted) return;
      deleted = ids[3] as number; // the row that the cursor stands on
      await execute(`UPDATE tickets SET deleted_at = created_at WHERE id = ${deleted}`);
    });
    expect(seen).toEqual(ids);
    expect(await allPages(4)).toEqual(ids.filter((id) => id !== deleted));
    await execute("UPDATE tickets SET deleted_at = NULL");
  });

  test.each(["0", "101", "-1", "abc", "", "1.5", "1e1", "0x10", "١", "99999999999999999999", " 5"])(
    "limit '%s' is refused",
    async (limit) => {
      const path = `/api/tickets?limit=${encodeURIComponent(limit)}`;
      const problem = await expectRefusal(app, path, send(operator), 400, "validation_failed");
      expect(problem.errors?.[0]?.path).toBe("limit");
    },
  );

  const packed = (value: unknown) => Buffer.from(JSON.stringify(["tickets", value])).toString("base64url");

  test.each([
    ["words", "hello"],
    ["a number", "1"],
    ["no base64", "%%%%"],
    ["JSON in the clear", '["2026-11-20T15:00:00.000Z",1]'],
    ["an object", packed({ created_at: "2026-11-20T15:00:00.000Z", id: 1 })],
    ["an empty array", packed([])],
    ["null", packed(null)],
    ["one member too few", packed(["2026-11-20T15:00:00.000Z"])],
    ["one member too many", packed(["2026-11-20T15:00:00.000Z", 1, 1])],
    ["no date", packed(["yesterday", 1])],
    ["an id as text", packed(["2026-11-20T15:00:00.000Z", "1"])],
    ["a negative id", packed(["2026-11-20T15:00:00.000Z", -1])],
    ["a fractional id", packed(["2026-11-20T15:00:00.000Z", 1.5])],
    ["SQL", packed(["2026-11-20T15:00:00.000Z' OR 1=1 --", 1])],
    ["a cursor of the machine list", packed([1])],
    ["a cursor of the machine type list", packed(["CNC"])],
    ["deep nesting", packed([[[[[[1]]]]]])],
  ])("a cursor of %s is refused", async (_, cursor) => {
    const path = `/api/tickets?cursor=${encodeURIComponent(cursor)}`;
    await expectRefusal(app, path, send(operator), 400, "invalid_cursor");
  });

  test.each([
    ["empty", ""],
    ["longer than any of ours", "x".repeat(501)],
  ])("a cursor that is %s is refused", async (_, cursor) => {
    const path = `/api/tickets?cursor=${cursor}`;
    const problem = await expectRefusal(app, path, send(operator), 400, "validation_failed");
    expect(problem.errors?.[0]?.path).toBe("cursor");
  });

  test("a cursor changed in any one letter never breaks the list", async () => {
    const { next_cursor } = await page("?limit=3");
    const cursor = next_cursor ?? "";
    for (let index = 0; index < cursor.length; index++) {
      const changed = `${cursor.slice(0, index)}${cursor[index] === "A" ? "B" : "A"}${cursor.slice(index + 1)}`;
      const response = await app.request(`/api/tickets?cursor=${changed}`, send(operator));
      expect([200, 400]).toContain(response.status);
    }
  });

  test("the other lists refuse a ticket cursor", async () => {
    const { next_cursor } = await page("?limit=3");
    for (const path of ["/api/machines", "/api/machine-types"]) {
      await expectRefusal(app, `${path}?cursor=${next_cursor}`, send(operator), 400, "invalid_cursor");
    }
  });
});
