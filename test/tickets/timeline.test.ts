import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { TimelineEntry } from "../../src/tickets/schemas.ts";
import type { Role } from "../../src/vocabulary/roles.ts";
import { execute, machine, type Person, person } from "../helpers.ts";
import { crew, openDesk, problemOf } from "./desk.ts";

const Timeline = z
  .object({
    timeline: TimelineEntry.strict().array(),
    next_cursor: z.string().nullable(),
    previous_cursor: z.string().nullable(),
  })
  .strict();
const desk = openDesk();
let people: Record<Role, Person>;
let machine_id: number;

beforeAll(async () => {
  people = await crew();
  machine_id = await machine();
});

const report = (fields = {}) => desk.create(people.operator, { machine_id, ...fields });

async function timeline(ref: number | string, query = "") {
  const response = await desk.get(people.operator, `/api/tickets/${ref}/timeline${query}`);
  expect(response.status).toBe(200);
  return { ...Timeline.parse(await response.json()), link: response.headers.get("link") };
}

/** The entries of a ticket after its creation, without what every entry has. */
async function story(id: number) {
  const { timeline: entries } = await timeline(id);
  return entries
    .slice(1)
    .map(({ action, old_value, new_value, comment }) => ({ action, old_value, new_value, comment }));
}

describe("each act leaves its entry", () => {
  test("with who, when and what, oldest first", async () => {
    const technician = await person("technician", "Tara Technician");
    const ticket = await report();
    const times = [desk.clock.iso()];
    const act = async (request: () => Promise<unknown>) => {
      times.push(desk.clock.pass(1));
      await request();
    };
    await act(() => desk.acknowledge(technician, ticket.id));
    await act(() => desk.change(technician, ticket.id, { status: "in_progress", comment: "On my way" }));
    await act(() => desk.comment(people.operator, ticket.id, "Thank you"));
    await act(() => desk.change(technician, ticket.id, { status: "completed" }));

    const entry = (at: number, action: string, more: object) => ({
      id: expect.any(Number),
      ticket_id: ticket.id,
      action,
      old_value: null,
      new_value: null,
      comment: null,
      created_at: times[at],
      occurred_at: null,
      ...more,
    });
    const tara = { user_id: technician.id, user_name: "Tara Technician" };
    const operator = { user_id: people.operator.id, user_name: expect.stringMatching(/^operator/) };
    const { timeline: entries } = await timeline(ticket.ticket_id);
    expect(entries).toEqual([
      entry(0, "created", { ...operator, new_value: "received" }),
      entry(1, "acknowledged", tara),
      entry(2, "status_changed", { ...tara, old_value: "received", new_value: "in_progress", comment: "On my way" }),
      entry(2, "assigned", { ...tara, new_value: "Tara Technician" }),
      entry(3, "commented", { ...operator, comment: "Thank you" }),
      entry(4, "status_changed", { ...tara, old_value: "in_progress", new_value: "completed" }),
    ]);
    expect(entries.map(({ id }) => id)).toEqual([...entries.map(({ id }) => id)].sort((a, b) => a - b));

    const whole = await desk.get(people.operator, `/api/tickets/${ticket.id}`);
    expect(((await whole.json()) as { ticket: { timeline: unknown } }).ticket.timeline).toEqual(entries);
  });

  test("with old and new values of the fields that changed, and of no other", async () => {
    const { id } = await report({ title: "Drill broken", priority: "low", description: "Old" });
    await desk.change(people.supervisor, id, {
      title: "Drill bit broken",
      priority: "low",
      description: null,
      is_machine_down: true,
      scheduled_date: "2026-12-01T09:00:00+01:00",
    });
    const [entry, ...others] = await story(id);
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ action: "updated", comment: null });
    expect(JSON.parse(entry?.old_value ?? "")).toEqual({
      title: "Drill broken",
      description: "Old",
      is_machine_down: false,
      scheduled_date: null,
    });
    expect(JSON.parse(entry?.new_value ?? "")).toEqual({
      title: "Drill bit broken",
      description: null,
      is_machine_down: true,
      scheduled_date: "2026-12-01T08:00:00.000Z",
    });
  });

  test("one per thing, the comment with the first", async () => {
    const [from, to] = [await person("technician", "Fred From"), await person("technician", "Tess To")];
    const { id } = await report();
    await desk.change(people.supervisor, id, { assigned_to: from.id });
    await desk.change(people.supervisor, id, {
      title: "Renamed",
      status: "diagnostic",
      assigned_to: to.id,
      comment: "All",
    });
    await desk.change(people.supervisor, id, { assigned_to: null });
    expect(await story(id)).toEqual([
      { action: "assigned", old_value: null, new_value: "Fred From", comment: null },
      {
        action: "updated",
        old_value: '{"title":"Spindle vibrates"}',
        new_value: '{"title":"Renamed"}',
        comment: "All",
      },
      { action: "status_changed", old_value: "received", new_value: "diagnostic", comment: null },
      { action: "assigned", old_value: "Fred From", new_value: "Tess To", comment: null },
      { action: "assigned", old_value: "Tess To", new_value: null, comment: null },
    ]);
  });

  test("a comment as it was written", async () => {
    const { id } = await report();
    const texts = ["  ends trimmed \n", "<script>alert(1)</script>", `quotes ' " \\ {"a":1}`, "null", "🔥\nline two"];
    for (const text of texts) {
      const response = await desk.comment(people.operator, id, text);
      expect(response.status).toBe(201);
      const { comment } = (await response.json()) as { comment: unknown };
      const { timeline: entries } = await timeline(id);
      expect(TimelineEntry.strict().parse(comment)).toEqual(entries.at(-1));
    }
    expect((await story(id)).map(({ comment }) => comment)).toEqual(texts.map((text) => text.trim()));
  });

  test("what changes nothing leaves none", async () => {
    const { id, title } = await report();
    await desk.change(people.supervisor, id, { title });
    await desk.change(people.supervisor, id, {});
    await desk.acknowledge(people.technician, id);
    await desk.acknowledge(people.admin, id);
    expect((await story(id)).map(({ action }) => action)).toEqual(["acknowledged"]);
  });
});

test("names stay as they were when people are renamed", async () => {
  const before = await person("technician", "Nora Newlywed");
  const { id } = await report();
  await desk.change(before, id, { status: "in_progress" });
  await execute(`UPDATE users SET name = 'Nora Oldname' WHERE id = ${before.id}`);
  await desk.comment(before, id, "It is me");
  const { timeline: entries } = await timeline(id);
  expect(entries.map(({ user_name, new_value }) => [user_name, new_value]).slice(1)).toEqual([
    ["Nora Newlywed", "in_progress"],
    ["Nora Newlywed", "Nora Newlywed"],
    ["Nora Oldname", null],
  ]);
  expect(await desk.read(people.operator, id)).toMatchObject({ assignee_name: "Nora Oldname" });
});

describe("pages", () => {
  test.each([1, 4, 5, 100])("of %i hold every entry once, also while more are written", async (limit) => {
    const { id } = await report();
    for (let n = 0; n < 9; n++) await desk.comment(people.operator, id, `Comment ${n}`);
    const expected = (await timeline(id)).timeline.map((entry) => entry.id);
    const seen: number[] = [];
    let query: string | null = `?limit=${limit}`;
    while (query && seen.length < 10) {
      const page = await timeline(id, query);
      seen.push(...page.timeline.map((entry) => entry.id));
      const next = page.next_cursor && `?limit=${limit}&cursor=${page.next_cursor}`;
      const links = page.link?.split(", ") ?? [];
      expect(links.filter((link) => link.endsWith('; rel="next"'))).toEqual(
        next ? [`<https://shop.example/api/tickets/${id}/timeline${next}>; rel="next"`] : [],
      );
      query = next;
      if (next) await desk.comment(people.operator, id, "Meanwhile");
    }
    expect(seen.slice(0, 10)).toEqual(expected);
  });

  test("refuse bad cursors and limits", async () => {
    const { id } = await report();
    const list = (await (await desk.get(people.operator, "/api/tickets?limit=1")).json()) as { next_cursor: string };
    for (const cursor of ["garbage", list.next_cursor]) {
      const response = await desk.get(people.operator, `/api/tickets/${id}/timeline?cursor=${cursor}`);
      await problemOf(response, 400, "invalid_cursor");
    }
    const response = await desk.get(people.operator, `/api/tickets/${id}/timeline?limit=0`);
    await problemOf(response, 400, "validation_failed");
  });
});

describe("the ids of entries", () => {
  const idsOf = async (id: number) => (await timeline(id)).timeline.map((entry) => entry.id);

  test("rise in a ticket, also within one change, and no two entries of any tickets share one", async () => {
    const [one, other] = [await report(), await report()];
    for (const { id } of [one, other, one]) await desk.comment(people.operator, id, "Still loud");
    await desk.change(people.supervisor, one.id, {
      status: "in_progress",
      priority: "high",
      assigned_to: people.admin.id,
    });
    await desk.comment(people.operator, other.id, "Thank you");
    const [ids, others] = [await idsOf(one.id), await idsOf(other.id)];
    expect([ids.length, others.length]).toEqual([6, 3]);
    for (const some of [ids, others]) expect(some).toEqual(some.toSorted((a, b) => a - b));
    expect(new Set([...ids, ...others]).size).toBe(9);
    expect((await story(one.id)).slice(2).map(({ action }) => action)).toEqual([
      "updated",
      "status_changed",
      "assigned",
    ]);
  });

  test("go on above those that were counted over all tickets before", async () => {
    const { id } = await report();
    await execute(`UPDATE ticket_timeline SET id = 17 WHERE ticket_id = ${id}`);
    await Promise.all(Array.from({ length: 5 }, (_, n) => desk.comment(people.operator, id, `Comment ${n}`)));
    const [old, ...ids] = await idsOf(id);
    expect(old).toBe(17);
    expect(new Set(ids).size).toBe(5);
    for (const entry of ids) expect(entry).toBeGreaterThan(17);
  });
});
