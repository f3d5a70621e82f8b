import { beforeAll, describe, expect, test } from "vitest";
import type { TimelineEntry } from "../../src/tickets/schemas.ts";
import type { Role } from "../../src/vocabulary/roles.ts";
import { bodyOf, requestOf, type Wish } from "../../src/web/outbox/item.ts";
import { machine, type Person, send } from "../helpers.ts";
import { crew, expectRefusal, type Fields, type Headers, openDesk, ticketOf } from "./desk.ts";

const desk = openDesk();
let people: Record<Role, Person>;
let machine_id: number;

beforeAll(async () => {
  people = await crew();
  machine_id = await machine();
});

const MINUTE = 60_000;
/** An instant before now by our clock. */
const ago = (minutes: number) => new Date(desk.clock.now().getTime() - minutes * MINUTE).toISOString();
const report = (fields: Fields = {}) => desk.create(people.technician, { machine_id, ...fields });

/** The newest entry of a ticket's timeline, as the API shows it. */
async function newest(ref: string | number): Promise<TimelineEntry> {
  const response = await desk.get(people.operator, `/api/tickets/${ref}`);
  const { ticket } = (await response.json()) as { ticket: { timeline: TimelineEntry[] } };
  return ticket.timeline.at(-1) as TimelineEntry;
}

/** Sends what the phone sends for a wish that was tapped at `at` of its clock. */
const tapped = (wish: Wish, at: string, headers: Headers = {}) => {
  const { method, path } = requestOf(wish);
  const body = JSON.parse(bodyOf(wish, at) ?? "null") as Fields;
  return desk.app.request(path, send(people.technician, body, headers, method));
};

const note = (ticket: string): Wish => ({ kind: "comment", ticket, text: "bearing hot" });
const acknowledge = (ticket: string): Wish => ({ kind: "acknowledge", ticket });
const move = (ticket: string): Wish => ({ kind: "move", ticket, from: "received", to: "diagnostic", comment: "I go" });
const take = (ticket: string): Wish => ({ kind: "take", ticket, from: null, to: people.technician.id });

/** Every kind of change that the phone keeps until there is a network. */
const WISHES: [string, (ticket: string) => Wish, TimelineEntry["action"]][] = [
  ["a comment", note, "commented"],
  ["an acknowledgement", acknowledge, "acknowledged"],
  ["a move", move, "assigned"],
  ["taking it", take, "assigned"],
];

/** How far a phone's clock is ahead, in minutes. */
const WRONG_BY = [0, 0.02, 20, -20, 3 * 24 * 60, -3 * 24 * 60];

describe.each(WRONG_BY)("by a phone whose clock is %d minutes ahead", (ahead) => {
  const onPhone = (minutesAgo: number) => ago(minutesAgo - ahead);
  const clientTime = () => ({ "client-time": onPhone(0) });
  const rightWithin2s = (said: string | null, minutesAgo: number) =>
    expect(Math.abs(Date.parse(said ?? "") - Date.parse(ago(minutesAgo)))).toBeLessThanOrEqual(2000);

  test.each(WISHES)("%s that was made an hour ago stands in the timeline as of then", async (_, wish, action) => {
    const { id, ticket_id } = await report({ reported_at: ago(120) });
    const response = await tapped(wish(ticket_id), onPhone(60), clientTime());
    expect([200, 201]).toContain(response.status);
    const entry = await newest(id);
    expect(entry).toMatchObject({ action, created_at: desk.clock.iso() });
    rightWithin2s(entry.occurred_at, 60);
  });

  test("a report that was written an hour ago is of then", async () => {
    const wish: Wish = {
      kind: "report",
      local: "local:1",
      machine_id,
      title: "Coolant leaks",
      description: null,
      is_machine_down: true,
      priority: "high",
    };
    const ticket = await ticketOf(await tapped(wish, onPhone(60), clientTime()), 201);
    rightWithin2s(ticket.reported_at, 60);
    const entry = await newest(ticket.id);
    expect(entry).toMatchObject({ action: "created", occurred_at: ticket.reported_at, created_at: ticket.created_at });
  });

  test("what is made and sent at once is of now, and never ahead of it", async () => {
    const { id, ticket_id } = await report();
    expect((await tapped(note(ticket_id), onPhone(0), clientTime())).status).toBe(201);
    const { created_at, occurred_at } = await newest(id);
    rightWithin2s(occurred_at ?? created_at, 0);
    expect((occurred_at ?? created_at) <= created_at).toBe(true);
  });
});

describe("the ticket's own times", () => {
  test("are when it was acknowledged, begun and completed, not when that arrived", async () => {
    const { id, ticket_id } = await report();
    const begun = await report();
    desk.clock.pass(120);
    await tapped(acknowledge(ticket_id), ago(90));
    await tapped(move(begun.ticket_id), ago(80));
    const change = { status: "completed", from_status: "diagnostic", occurred_at: ago(30) };
    await desk.change(people.technician, begun.id, change);
    expect(await desk.read(people.operator, id)).toMatchObject({ acknowledged_at: ago(90), updated_at: ago(0) });
    expect(await desk.read(people.operator, begun.id)).toMatchObject({
      acknowledged_at: ago(80),
      completed_at: ago(30),
    });
  });

  test("are never before the ticket itself arrived", async () => {
    const { id, ticket_id, created_at } = await report({ reported_at: ago(90) });
    desk.clock.pass(10);
    await tapped(acknowledge(ticket_id), ago(60));
    expect(await desk.read(people.operator, id)).toMatchObject({ acknowledged_at: created_at });
    expect(await newest(id)).toMatchObject({ occurred_at: ago(60) });
  });

  test("an acknowledgement that is earlier and arrives later is not the first", async () => {
    const { id, ticket_id } = await report();
    desk.clock.pass(120);
    await desk.acknowledge(people.supervisor, id);
    const late = await ticketOf(await tapped(acknowledge(ticket_id), ago(90)));
    expect(late).toMatchObject({ acknowledged_by: people.supervisor.id, acknowledged_at: ago(0) });
  });
});

test("whoever is overtaken is told when the other did it, not when that arrived", async () => {
  const { id } = await report({ reported_at: ago(120) });
  await desk.change(people.supervisor, id, { status: "in_progress", occurred_at: ago(40) });
  const refused = () => desk.patch(people.technician, id, { status: "diagnostic", from_status: "received" });
  expect(await expectRefusal(refused, 409, "overtaken")).toMatchObject({ at: ago(40) });
});

test("without any time, it is done when it arrives, and so is what is said to lie ahead", async () => {
  const { id } = await report();
  await desk.comment(people.operator, id, "Smoke");
  expect(await newest(id)).toMatchObject({ occurred_at: null });
  await desk.change(people.technician, id, { comment: "Hot", occurred_at: ago(-600) });
  expect(await newest(id)).toMatchObject({ occurred_at: null });
});

describe("is refused", () => {
  const comment =
    (id: number, body: Fields, headers = {}) =>
    () =>
      desk.app.request(`/api/tickets/${id}/comments`, send(people.operator, { body: "Smoke", ...body }, headers));

  test("what was done more than 30 days ago, by every way", async () => {
    const { id } = await report();
    const occurred_at = ago(30 * 24 * 60 + 1);
    await expectRefusal(comment(id, { occurred_at }), 422, "value_not_accepted");
    await expectRefusal(
      () => desk.patch(people.technician, id, { status: "diagnostic", occurred_at }),
      422,
      "value_not_accepted",
    );
    const path = `/api/tickets/${id}/acknowledge`;
    await expectRefusal(
      () => desk.app.request(path, send(people.technician, { occurred_at })),
      422,
      "value_not_accepted",
    );
    expect((await comment(id, { occurred_at: ago(30 * 24 * 60) })()).status).toBe(201);
  });

  test.each(["yesterday", "2026-11-20", "2026-02-30T08:00:00Z", 5, null])("%j for a time", async (occurred_at) => {
    const { id } = await report();
    await expectRefusal(comment(id, { occurred_at }), 400, "validation_failed");
  });

  test.each(["yesterday", "1763650800", "2026-11-20 15:00:00", ""])("a Client-Time of %j", async (time) => {
    const { id } = await report();
    const headers = { "client-time": time };
    await expectRefusal(comment(id, {}, headers), 400, "validation_failed");
    const post = () => desk.app.request("/api/tickets", send(people.operator, { title: "Smoke", machine_id }, headers));
    await expectRefusal(post, 400, "validation_failed");
    await expectRefusal(() => desk.patch(people.operator, id, { comment: "Hot" }, headers), 400, "validation_failed");
  });
});

test.each(WISHES)("%s, repeated under its key by a clock that goes on, is answered as at first", async (_, wish) => {
  const { id, ticket_id } = await report({ reported_at: ago(120) });
  const at = ago(60);
  const attempt = (ahead: number) =>
    tapped(wish(ticket_id), at, { "idempotency-key": `tap-${id}`, "client-time": ago(-ahead) });
  const first = await (await attempt(20)).text();
  const entry = await newest(id);
  desk.clock.pass(7);
  for (const ahead of [20, 0, -500]) {
    const again = await attempt(ahead);
    expect([again.headers.get("idempotency-replayed"), await again.text()]).toEqual(["true", first]);
  }
  expect(await newest(id)).toEqual(entry);
});

describe("an acknowledgement", () => {
  const post = (id: number, init: RequestInit) =>
    desk.app.request(`/api/tickets/${id}/acknowledge`, {
      ...init,
      method: "POST",
      headers: { authorization: `Bearer ${people.technician.token}`, ...init.headers },
    });
  const json = { "content-type": "application/json" };

  test.each<[string, RequestInit]>([
    ["no body", {}],
    ["an empty body", { headers: json, body: "" }],
    ["an empty object", { headers: json, body: "{}" }],
  ])("with %s is of now", async (_, init) => {
    const { id } = await report();
    expect(await ticketOf(await post(id, init))).toMatchObject({ acknowledged_at: desk.clock.iso() });
  });

  test.each<[string, RequestInit, number, "invalid_json" | "unsupported_media_type" | "validation_failed"]>([
    ["half a body", { headers: json, body: '{"occ' }, 400, "invalid_json"],
    ["a list", { headers: json, body: "[]" }, 400, "validation_failed"],
    ["a form", { body: new URLSearchParams({ occurred_at: "now" }) }, 415, "unsupported_media_type"],
  ])("with %s is refused", async (_, init, status, code) => {
    const { id } = await report();
    await expectRefusal(() => post(id, init), status, code);
  });
});
