import { beforeAll, describe, expect, test } from "vitest";
import type { Role } from "../../src/vocabulary/roles.ts";
import { machine, type Person, person } from "../helpers.ts";
import { crew, expectRefusal, type Fields, openDesk, ticketOf, timelineOf } from "./desk.ts";

const desk = openDesk();
let people: Record<Role, Person>;
let marc: Person;
let machine_id: number;

beforeAll(async () => {
  people = await crew();
  marc = await person("technician");
  machine_id = await machine();
});

const report = (fields: Fields = {}) => desk.create(people.supervisor, { machine_id, ...fields });
const nameOf = async (who: Person) =>
  (await desk.change(people.supervisor, (await report()).id, { assigned_to: who.id })).assignee_name;
/** A change by the technician, who saw the ticket earlier. */
const late = (id: number, body: Fields, headers = {}) => desk.patch(people.technician, id, body, headers);

describe("a move that names the status it was decided in", () => {
  test("takes place while that holds, whatever else has happened to the ticket", async () => {
    const { id } = await report();
    await desk.comment(marc, id, "ok");
    await desk.change(people.supervisor, id, { title: "Spindle is loud", priority: "high" });
    const moved = await ticketOf(await late(id, { status: "diagnostic", from_status: "received" }));
    expect(moved).toMatchObject({ status: "diagnostic", title: "Spindle is loud", version: 4 });
  });

  test("is refused when another has moved the ticket, and told who, when, and how it stands", async () => {
    const { id } = await report();
    const at = desk.clock.pass(3);
    await desk.change(marc, id, { status: "in_progress" });
    desk.clock.pass(3);
    await desk.comment(people.supervisor, id, "ok");
    const refused = () => late(id, { status: "in_progress", from_status: "received", comment: "I go" });
    const by = await nameOf(marc);
    expect(await expectRefusal(refused, 409, "overtaken")).toMatchObject({
      current: { status: "in_progress", assigned_to: marc.id, assignee_name: by, version: 3 },
      by,
      at,
    });
    // Who insists says what the ticket is now.
    await ticketOf(await late(id, { status: "waiting_parts", from_status: "in_progress" }));
  });

  test("is refused when its move is legal from there as well", async () => {
    const { id } = await report();
    await desk.change(marc, id, { status: "diagnostic" });
    await expectRefusal(() => late(id, { status: "in_progress", from_status: "received" }), 409, "overtaken");
  });

  test("of several at once exactly one wins, and the others are told who and when", { timeout: 60_000 }, async () => {
    const names = new Map([
      [marc.id, await nameOf(marc)],
      [people.technician.id, await nameOf(people.technician)],
    ]);
    for (let round = 0; round < 10; round++) {
      const { id } = await report();
      const at = desk.clock.pass(1);
      const movers = [marc, people.technician, marc, people.technician];
      const answers = await Promise.all(
        movers.map((mover, index) =>
          desk.patch(mover, id, { status: index < 2 ? "diagnostic" : "in_progress", from_status: "received" }),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
      const winner = answers.findIndex(({ status }) => status === 200);
      const won = await ticketOf(answers[winner] as Response);
      const { status, assigned_to, assignee_name, version } = won;
      for (const answer of answers.filter((each) => each.status === 409)) {
        expect(await answer.json()).toMatchObject({
          code: "overtaken",
          current: { status, assigned_to, assignee_name, version },
          by: names.get(movers[winner]?.id ?? 0),
          at,
        });
      }
      expect((await timelineOf(id)).map(({ action }) => action)).toEqual(["created", "status_changed", "assigned"]);
    }
  });
});

describe("taking a ticket that was nobody's", () => {
  const take = (who: Person) => ({ assigned_to: who.id, from_assigned_to: null });

  test("takes place while it is, and when it was given to the same person meanwhile", async () => {
    const { id } = await report();
    expect(await ticketOf(await late(id, take(people.technician)))).toMatchObject({
      assigned_to: people.technician.id,
    });
    const given = await report({ assigned_to: people.technician.id });
    expect(await ticketOf(await late(given.id, take(people.technician)))).toMatchObject({ version: 1 });
  });

  test("is refused when somebody has it, and told who gave it to whom", async () => {
    const { id } = await report();
    const at = desk.clock.pass(1);
    await desk.change(people.supervisor, id, { assigned_to: marc.id });
    desk.clock.pass(1);
    await desk.change(marc, id, { status: "diagnostic" });
    expect(await expectRefusal(() => late(id, take(people.technician)), 409, "overtaken")).toMatchObject({
      current: { status: "diagnostic", assigned_to: marc.id, assignee_name: await nameOf(marc) },
      by: await nameOf(people.supervisor),
      at,
    });
    const again = { assigned_to: people.technician.id, from_assigned_to: marc.id };
    expect(await ticketOf(await late(id, again))).toMatchObject({ assigned_to: people.technician.id });
  });

  test("names who created it where it was given at once", async () => {
    const { id, created_at } = await report({ assigned_to: marc.id });
    expect(await expectRefusal(() => late(id, take(people.technician)), 409, "overtaken")).toMatchObject({
      by: await nameOf(people.supervisor),
      at: created_at,
    });
  });

  test("of several at once exactly one has it", async () => {
    const takers = [marc, people.technician];
    for (let round = 0; round < 10; round++) {
      const { id } = await report();
      const answers = await Promise.all(takers.map((who) => desk.patch(who, id, take(who))));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
      const winner = takers[answers.findIndex(({ status }) => status === 200)];
      expect(await answers.find(({ status }) => status === 409)?.json()).toMatchObject({
        code: "overtaken",
        current: { assigned_to: winner?.id },
        by: await nameOf(winner as Person),
      });
    }
  });
});

test("a change that somebody may not make is refused for that, whoever was first", async () => {
  const { id } = await report();
  await desk.change(marc, id, { status: "diagnostic" });
  const move = { status: "cancelled", from_status: "received" };
  await expectRefusal(() => desk.patch(people.operator, id, move), 403, "forbidden_field");
});

test.each<[string, Fields]>([
  ["a status that there is not", { status: "diagnostic", from_status: "broken" }],
  ["no status", { status: "diagnostic", from_status: null }],
  ["a person's name", { assigned_to: 1, from_assigned_to: "Marc" }],
])("%s is no state to come from", async (_, body) => {
  const { id } = await report();
  await expectRefusal(() => late(id, body), 400, "validation_failed");
});

test("repeated under its key, a move is answered as at first, though it would be overtaken by itself", async () => {
  const { id } = await report();
  const move = () => late(id, { status: "diagnostic", from_status: "received" }, { "idempotency-key": `move-${id}` });
  const first = await (await move()).text();
  const again = await move();
  expect([again.status, await again.text()]).toEqual([200, first]);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
});

test("412 says how the ticket stands, and has its version", async () => {
  const { id } = await report();
  await desk.change(marc, id, { status: "in_progress" });
  const response = await late(id, { title: "Loud" }, { "if-match": '"1"' });
  expect([response.status, response.headers.get("etag")]).toEqual([412, '"2"']);
  expect(await response.json()).toMatchObject({
    code: "version_conflict",
    current: { status: "in_progress", assigned_to: marc.id, assignee_name: await nameOf(marc), version: 2 },
  });
  const removed = await desk.remove(people.admin, id, { "if-match": '"1"' });
  expect([removed.status, removed.headers.get("etag")]).toEqual([412, '"2"']);
});
