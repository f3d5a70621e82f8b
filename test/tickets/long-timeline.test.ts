import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeCursor } from "../../src/http/cursor.ts";
import {
  TIMELINE_SHOWN,
  type Ticket,
  TicketWithTimelineOutput,
  type TimelineEntry,
  TimelineOutput,
} from "../../src/tickets/schemas.ts";
import type { Role } from "../../src/vocabulary/roles.ts";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { bindings, execute, machine, type Person, send, startApp } from "../helpers.ts";
import { crew, openDesk, problemOf, ticketOf } from "./desk.ts";

const desk = openDesk();
let people: Record<Role, Person>;
let machine_id: number;

beforeAll(async () => {
  people = await crew();
  machine_id = await machine();
});

/** A ticket with this many entries, the first of them its creation. */
async function ticketWith(entries: number): Promise<Ticket> {
  const ticket = await desk.create(people.operator, { machine_id });
  await execute(
    `WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ${entries})
     INSERT INTO ticket_timeline (ticket_id, id, user_id, user_name, action, comment, created_at)
     SELECT ${ticket.id}, (${ticket.id} << 20) + i, ${people.operator.id}, 'Olivier', 'commented', printf('%05d %.500c', i, 'x'), '${ticket.created_at}'
     FROM n WHERE ${entries} > 1`,
  );
  return ticket;
}

async function shown(ref: string | number) {
  const response = await desk.get(people.operator, `/api/tickets/${ref}`);
  expect(response.status).toBe(200);
  return TicketWithTimelineOutput.strict().parse(await response.json()).ticket;
}

async function page(ref: string | number, query: string) {
  const response = await desk.get(people.operator, `/api/tickets/${ref}/timeline?${query}`);
  expect(response.status).toBe(200);
  return { ...TimelineOutput.strict().parse(await response.json()), link: response.headers.get("link") };
}

const ids = (entries: TimelineEntry[]) => entries.map(({ id }) => id);
/** The place of a comment of `ticketWith` in its timeline. */
const placeOf = (entry: TimelineEntry | undefined) => Number(entry?.comment?.slice(0, 5));

describe("a ticket is shown with its newest entries, and a cursor to the rest", () => {
  test.each([1, TIMELINE_SHOWN - 1, TIMELINE_SHOWN])("with all of %i, and none before", async (entries) => {
    const { timeline, timeline_before } = await shown((await ticketWith(entries)).id);
    expect(timeline).toHaveLength(entries);
    expect(timeline[0]?.action).toBe("created");
    expect(timeline_before).toBeNull();
  });

  test("with the newest of one more, oldest of them first", async () => {
    const { id } = await ticketWith(TIMELINE_SHOWN + 1);
    const { timeline, timeline_before } = await shown(id);
    expect(timeline.map(placeOf)).toEqual(Array.from({ length: TIMELINE_SHOWN }, (_, index) => index + 2));
    const rest = await page(id, `before=${timeline_before}`);
    expect(rest.timeline.map(({ action }) => action)).toEqual(["created"]);
    expect(rest.previous_cursor).toBeNull();
  });

  test.each([7, 50, 100])(
    "in pages of %i backwards no entry repeats or is missing, while more are written",
    async (limit) => {
      const { id } = await ticketWith(260);
      const { timeline, timeline_before } = await shown(id);
      const seen = ids(timeline);
      let before = timeline_before;
      while (before) {
        await desk.comment(people.operator, id, "Meanwhile");
        const { timeline: earlier, previous_cursor } = await page(id, `limit=${limit}&before=${before}`);
        expect(earlier.length).toBe(previous_cursor ? limit : earlier.length);
        seen.unshift(...ids(earlier));
        before = previous_cursor;
      }
      const { results } = await env.DB.prepare(
        "SELECT id FROM ticket_timeline WHERE ticket_id = ? ORDER BY id LIMIT 260",
      )
        .bind(id)
        .all<{ id: number }>();
      expect(seen).toEqual(results.map((row) => row.id));
    },
  );

  test("every page leads both ways, also in its Link header", async () => {
    const { id } = await ticketWith(30);
    const first = await page(id, "limit=10");
    expect([first.previous_cursor, first.link]).toEqual([null, expect.stringMatching(/^<[^<]*>; rel="next"$/)]);
    const second = await page(id, `limit=10&cursor=${first.next_cursor}`);
    const third = await page(id, `limit=10&cursor=${second.next_cursor}`);
    expect([third.next_cursor, third.link]).toEqual([null, expect.stringMatching(/^<[^<]*>; rel="prev"$/)]);
    const backwards = await page(id, `limit=10&before=${third.previous_cursor}`);
    expect(ids(backwards.timeline)).toEqual(ids(second.timeline));
    const base = `https://shop.example/api/tickets/${id}/timeline?limit=10`;
    expect(backwards.link).toBe(
      `<${base}&cursor=${backwards.next_cursor}>; rel="next", <${base}&before=${backwards.previous_cursor}>; rel="prev"`,
    );
    expect(ids((await page(id, `limit=10&cursor=${backwards.next_cursor}`)).timeline)).toEqual(ids(third.timeline));
    expect(ids((await page(id, `limit=10&before=${backwards.previous_cursor}`)).timeline)).toEqual(ids(first.timeline));
  });

  test("a place before everything has no entries, and leads on to them", async () => {
    const { id } = await ticketWith(3);
    const begin = encodeCursor("ticket_timeline", [1]);
    const nothing = await page(id, `before=${begin}`);
    expect(nothing).toMatchObject({ timeline: [], previous_cursor: null });
    expect((await page(id, `cursor=${nothing.next_cursor}`)).timeline).toHaveLength(3);
  });

  test("refuses places that are none, and both at once", async () => {
    const { id } = await ticketWith(3);
    const get = (query: string) => desk.get(people.operator, `/api/tickets/${id}/timeline?${query}`);
    const { next_cursor } = await page(id, "limit=1");
    const forged = ["[0]", "[-1]", '["1"]', "[1,2]", "1", "null"].map((text) =>
      Buffer.from(`["ticket_timeline",${text}]`).toString("base64url"),
    );
    for (const before of ["garbage", ...forged]) await problemOf(await get(`before=${before}`), 400, "invalid_cursor");
    for (const before of ["", "x".repeat(501)])
      await problemOf(await get(`before=${before}`), 400, "validation_failed");
    await problemOf(await get(`cursor=${next_cursor}&before=${next_cursor}`), 400, "validation_failed");
    const place = encodeCursor("ticket_timeline", [5]);
    const path = `/api/tickets/9999/timeline?before=${place}`;
    await problemOf(await desk.get(people.operator, path), 404, "ticket_not_found");
  });
});

describe("a ticket with 20,000 comments", () => {
  let long: Ticket;
  let short: Ticket;

  beforeAll(async () => {
    short = await ticketWith(TIMELINE_SHOWN + 20);
    long = await ticketWith(20_000);
  });

  test.each([
    ["the ticket", ""],
    ["the first page of its timeline", "/timeline"],
    ["the last page of its timeline", `/timeline?before=${encodeCursor("ticket_timeline", [Number.MAX_SAFE_INTEGER])}`],
  ])("%s reads as many rows as that of a ticket with a hundred", async (_, path) => {
    const { database, take } = countedDatabase(env.DB);
    const app = startApp({ now: desk.clock.now }, bindings({ DB: database }));
    const read = async ({ id }: Ticket) => {
      take();
      const response = await app.request(`/api/tickets/${id}${path}`, send(people.operator));
      expect(response.status).toBe(200);
      const { length } = await response.text();
      return { ...take(), length };
    };
    const [few, many] = [await read(short), await read(long)];
    expect(many.rowsRead).toBe(few.rowsRead);
    expect(many.rowsRead).toBeLessThan(3 * TIMELINE_SHOWN);
    expect(many.trips).toBe(few.trips);
    expect(Math.abs(many.length - few.length)).toBeLessThan(2000);
  });

  test("is changed and commented on with an answer no longer than another's, also when it is repeated", async () => {
    const key = { "idempotency-key": "long" };
    const change = () => desk.patch(people.supervisor, long.id, { priority: "high" }, key);
    const first = await ticketOf(await change());
    const repeated = await change();
    expect(repeated.headers.get("idempotency-replayed")).toBe("true");
    expect(await ticketOf(repeated)).toEqual(first);
    const answers = [
      desk.comment(people.operator, long.id, "One more"),
      desk.acknowledge(people.technician, long.id),
      desk.get(people.operator, "/api/tickets?limit=1&sort=-updated_at"),
    ];
    for (const answer of await Promise.all(answers)) expect((await answer.text()).length).toBeLessThan(2000);
  });
});
