import { beforeAll, describe, expect, test } from "vitest";
import { senders } from "../../src/channels.ts";
import { createContext } from "../../src/context.ts";
import { dispatch } from "../../src/deliveries/dispatch.ts";
import type { Ticket } from "../../src/tickets/schemas.ts";
import type { Role } from "../../src/vocabulary/roles.ts";
import { realWorld } from "../../src/world.ts";
import { execute, machine, type Person, queryAll } from "../helpers.ts";
import { crew, expectRefusal, openDesk, ticketOf } from "./desk.ts";

const desk = openDesk();
let people: Record<Role, Person>;
let machine_id: number;

beforeAll(async () => {
  people = await crew();
  machine_id = await machine();
});

const report = (fields = {}) => desk.create(people.supervisor, { machine_id, ...fields });
const statuses = (responses: Response[]) => responses.map((response) => response.status).sort();
const raise = (id: number, headers: Record<string, string>, priority = "high") =>
  desk.patch(people.supervisor, id, { priority }, headers);

describe("If-Match", () => {
  test("of two editors with the same tag one changes the ticket and one is told", async () => {
    for (let round = 0; round < 10; round++) {
      const { id } = await report();
      const tag = (await desk.get(people.supervisor, `/api/tickets/${id}`)).headers.get("etag") ?? "";
      const edits = [{ title: "By the supervisor" }, { title: "By the administrator" }];
      const answers = await Promise.all([
        desk.patch(people.supervisor, id, edits[0] ?? {}, { "if-match": tag }),
        desk.patch(people.admin, id, edits[1] ?? {}, { "if-match": tag }),
      ]);
      expect(statuses(answers)).toEqual([200, 412]);
      const winner = answers.findIndex((answer) => answer.status === 200);
      expect(await desk.read(people.admin, id)).toMatchObject({ ...edits[winner], version: 2 });
      expect(await answers[1 - winner]?.json()).toMatchObject({ code: "version_conflict", status: 412 });
    }
  });

  test.each(['"1"', '"1", "7"', '"7" , "1"', "*", ' "1" '])("%j lets version 1 be changed", async (tag) => {
    const { id } = await report();
    const response = await raise(id, { "if-match": tag });
    expect(response.headers.get("etag")).toBe('"2"');
    expect(await ticketOf(response)).toMatchObject({ priority: "high", version: 2 });
  });

  test.each(['"2"', 'W/"1"', "1", '"1', "'1'", '"01"', '"1 "', "garbage", "", ",", '"2", "3"', '"*"'])(
    "%j does not",
    async (tag) => {
      const { id } = await report();
      await expectRefusal(() => raise(id, { "if-match": tag }), 412, "version_conflict");
      await expectRefusal(() => desk.remove(people.admin, id, { "if-match": tag }), 412, "version_conflict");
    },
  );

  test("a tag is out of date after any change, a comment included", async () => {
    const { id } = await report();
    await desk.comment(people.operator, id, "Still smoking");
    await expectRefusal(() => raise(id, { "if-match": '"1"' }), 412, "version_conflict");
    await ticketOf(await raise(id, { "if-match": '"2"' }));
  });

  test("without it ten people may change one ticket at once, and nobody is turned away", async () => {
    const { id } = await report();
    const names = Array.from({ length: 10 }, (_, index) => `Caller ${index}`);
    const answers = await Promise.all(
      names.map((reporter_name) => desk.patch(people.supervisor, id, { reporter_name })),
    );
    expect(new Set(statuses(answers))).toEqual(new Set([200]));
    expect(await desk.read(people.admin, id)).toMatchObject({ version: 11 });
  });

  test("* holds for whatever version there is, however many change it at once", async () => {
    const { id } = await report();
    const answers = await Promise.all(
      ["low", "high", "critical"].map((priority) => raise(id, { "if-match": "*" }, priority)),
    );
    expect(statuses(answers)).toEqual([200, 200, 200]);
    expect(await desk.read(people.admin, id)).toMatchObject({ version: 4 });
  });
});

describe("without If-Match", () => {
  test("concurrent edits of different fields all survive", async () => {
    const { id } = await report();
    const edits = [
      { title: "Coolant leaks" },
      { priority: "critical" },
      { status: "diagnostic" },
      { is_machine_down: true },
    ];
    const answers = await Promise.all(edits.map((edit) => desk.patch(people.supervisor, id, edit)));
    expect(statuses(answers)).toEqual([200, 200, 200, 200]);
    expect(await desk.read(people.admin, id)).toMatchObject({ ...Object.assign({}, ...edits), version: 5 });
  });

  test("edits survive a storm of comments", async () => {
    const { id } = await report();
    const comments = Array.from({ length: 10 }, (_, n) => desk.comment(people.operator, id, `Comment ${n}`));
    const edits = [{ title: "Coolant leaks" }, { priority: "critical" }];
    const changes = edits.map((edit) => desk.patch(people.supervisor, id, edit));
    expect(statuses(await Promise.all(comments))).toEqual(Array(10).fill(201));
    expect(statuses(await Promise.all(changes))).toEqual([200, 200]);
    expect(await desk.read(people.admin, id)).toMatchObject({ ...Object.assign({}, ...edits), version: 13 });
  });
});

describe("the version", () => {
  test("rises by exactly one per change, however much changes, and not without one", async () => {
    const { id } = await report();
    const technician = people.technician.id;
    const steps: [change: () => Promise<unknown>, version: number][] = [
      [() => desk.change(people.supervisor, id, { title: "Coolant leaks" }), 2],
      [() => desk.change(people.supervisor, id, { title: "Coolant leaks" }), 2],
      [() => desk.change(people.supervisor, id, {}), 2],
      [() => desk.change(people.supervisor, id, { unknown: 1, version: 40 }), 2],
      [() => desk.change(people.supervisor, id, { priority: "low", assigned_to: technician, comment: "Yours" }), 3],
      [() => desk.acknowledge(people.technician, id), 4],
      [() => desk.acknowledge(people.admin, id), 4],
      [() => desk.change(people.technician, id, { status: "in_progress", is_machine_down: true }), 5],
      [() => desk.patch(people.technician, id, { status: "in_progress" }), 5],
      [() => desk.patch(people.operator, id, { status: "completed" }), 5],
      [() => desk.comment(people.operator, id, "Thank you"), 6],
      [() => desk.change(people.operator, id, { comment: "Again" }), 7],
      [() => desk.remove(people.admin, id), 8],
    ];
    for (const [change, version] of steps) {
      await change();
      expect(await queryAll("SELECT version FROM tickets WHERE id = ?", id)).toEqual([{ version }]);
    }
  });
});

describe("If-None-Match", () => {
  const get = (path: string, tag: string) => desk.get(people.operator, path, { "if-none-match": tag });

  const shown = async (ref: string | number) => {
    const response = await get(`/api/tickets/${ref}`, '"9"');
    expect(response.status).toBe(200);
    return response.headers.get("etag") ?? "";
  };
  const expectUnchanged = async (ref: string | number, sent: string, tag = sent) => {
    const response = await get(`/api/tickets/${ref}`, sent);
    expect([response.status, await response.text(), response.headers.get("etag")]).toEqual([304, "", tag]);
  };

  test.each(["%s", "W/%s", "*", '"9", %s'])("%j, the tag of a ticket as it is: nothing is new", async (sent) => {
    const { id, ticket_id } = await report();
    const tag = await shown(id);
    expect(tag).toMatch(/^"1-[\w-]{27}"$/);
    for (const ref of [id, ticket_id]) await expectUnchanged(ref, sent.replace("%s", tag), tag);
  });

  test.each(['"1"', '"2"', "1", "garbage"])("%s on a ticket of version 1: the ticket", async (tag) => {
    const { id } = await report();
    expect((await get(`/api/tickets/${id}`, tag)).status).toBe(200);
  });

  test("a delivery's entry in the timeline makes an answer new, and then it is the same again", async () => {
    const { id, version } = await report({ assigned_to: people.technician.id });
    const before = await shown(id);
    await expectUnchanged(id, before);
    desk.clock.pass(1);
    const ctx = createContext(desk.environment, { ...realWorld, now: desk.clock.now }, {});
    await dispatch(ctx, [desk.announced.at(-1) ?? 0], senders);
    const response = await get(`/api/tickets/${id}`, before);
    expect(await response.json()).toMatchObject({
      ticket: { version, timeline: [{ action: "created" }, { action: "notification_failed" }] },
    });
    const after = response.headers.get("etag") ?? "";
    expect(after).not.toBe(before);
    await expectUnchanged(id, after);
  });

  test.each([
    ["machine", (ticket: Ticket) => `UPDATE machines SET name = name || ' 2' WHERE id = ${ticket.machine_id}`],
    ["assignee", (ticket: Ticket) => `UPDATE users SET name = name || ' 2' WHERE id = ${ticket.assigned_to}`],
    ["type", () => "UPDATE machine_types SET code = 'MILL'"],
  ])("another name of its %s makes an answer new, and is no other version", async (_, rename) => {
    const ticket = await report({ assigned_to: people.technician.id });
    const tag = await shown(ticket.id);
    await execute(rename(ticket));
    const renamed = await shown(ticket.id);
    expect(renamed).not.toBe(tag);
    expect((await get(`/api/tickets/${ticket.id}`, tag)).status).toBe(200);
    await expectUnchanged(ticket.id, renamed);
    expect((await desk.patch(people.supervisor, ticket.id, { title: "Still loud" }, { "if-match": tag })).status).toBe(
      200,
    );
    expect((await desk.patch(people.supervisor, ticket.id, { title: "Loud" }, { "if-match": renamed })).status).toBe(
      412,
    );
  });

  test("a list that is as it was need not be sent again", async () => {
    const path = `/api/tickets?reported_by=${people.supervisor.id}&limit=3`;
    const first = await desk.get(people.operator, path);
    const tag = first.headers.get("etag") ?? "";
    expect(tag).toMatch(/^"[\w-]{20,}"$/);
    const second = await get(path, tag);
    expect([second.status, await second.text(), second.headers.get("etag")]).toEqual([304, "", tag]);
    expect(second.headers.get("link")).toBe(first.headers.get("link"));

    const [newest] = ((await first.json()) as { tickets: { id: number }[] }).tickets;
    await desk.change(people.supervisor, newest?.id ?? 0, { priority: "low" });
    const third = await get(path, tag);
    expect(third.status).toBe(200);
    expect(third.headers.get("etag")).not.toBe(tag);
  });
});
