import { beforeAll, expect, test } from "vitest";
import type { Role } from "../../src/vocabulary/roles.ts";
import { execute, machine, type Person, person } from "../helpers.ts";
import { type Fields, openDesk, putInto } from "./desk.ts";
import { mark, since } from "./outbox.ts";

const desk = openDesk();
type Name = "reporter" | "assignee" | "other" | "supervisor" | "admin";
const people = {} as Record<Name, Person>;
let machine_id: number;

const ROLE_OF: Record<Name, Role> = {
  reporter: "operator",
  assignee: "technician",
  other: "technician",
  supervisor: "supervisor",
  admin: "admin",
};

beforeAll(async () => {
  const names = Object.keys(ROLE_OF) as Name[];
  await Promise.all(names.map(async (name) => Object.assign(people, { [name]: await person(ROLE_OF[name], name) })));
  machine_id = await machine();
});

const nameOf = (target: string) =>
  (Object.keys(people) as Name[]).find((name) => target === `user:${people[name].id}`) ?? target;

/** Who a request tells by push, and what. */
async function told(request: () => Promise<unknown>): Promise<Record<string, string>> {
  const before = await mark();
  await request();
  const jobs = await since(before, "push");
  const byName = Object.fromEntries(jobs.map((job) => [nameOf(job.target), job.event_type.replace("ticket.", "")]));
  expect(Object.keys(byName), "at most one push per person").toHaveLength(jobs.length);
  return byName;
}

interface Case {
  what: string;
  by: Name;
  reporter?: Name;
  assignee?: Name | null;
  status?: "received" | "in_progress";
  change: () => Fields;
  tells: Partial<Record<Name, string>>;
}

const CASES: Case[] = [
  { what: "a change", by: "supervisor", change: () => ({ priority: "high" }), tells: { assignee: "updated" } },
  { what: "one's own change", by: "assignee", change: () => ({ is_machine_down: true }), tells: {} },
  {
    what: "a change nobody waits for",
    by: "supervisor",
    assignee: null,
    change: () => ({ priority: "high" }),
    tells: {},
  },
  {
    what: "an assignment",
    by: "supervisor",
    assignee: null,
    change: () => ({ assigned_to: people.other.id }),
    tells: { other: "assigned" },
  },
  {
    what: "a reassignment",
    by: "supervisor",
    change: () => ({ assigned_to: people.other.id }),
    tells: { other: "assigned", assignee: "unassigned" },
  },
  {
    what: "taking somebody's ticket",
    by: "other",
    change: () => ({ assigned_to: people.other.id }),
    tells: { assignee: "unassigned" },
  },
  {
    what: "giving it to nobody",
    by: "supervisor",
    change: () => ({ assigned_to: null }),
    tells: { assignee: "unassigned" },
  },
  {
    what: "starting and keeping one's own ticket",
    by: "assignee",
    change: () => ({ assigned_to: people.assignee.id, status: "in_progress" }),
    tells: {},
  },
  { what: "starting one's own ticket", by: "assignee", change: () => ({ status: "in_progress" }), tells: {} },
  { what: "starting a free ticket", by: "other", assignee: null, change: () => ({ status: "in_progress" }), tells: {} },
  {
    what: "a new status",
    by: "supervisor",
    change: () => ({ status: "cancelled" }),
    tells: { assignee: "status_changed" },
  },
  {
    what: "completion",
    by: "assignee",
    status: "in_progress",
    change: () => ({ status: "completed" }),
    tells: { reporter: "completed" },
  },
  {
    what: "completion by somebody else",
    by: "supervisor",
    status: "in_progress",
    change: () => ({ status: "completed" }),
    tells: { reporter: "completed", assignee: "status_changed" },
  },
  {
    what: "completion of one's own report",
    by: "assignee",
    reporter: "assignee",
    status: "in_progress",
    change: () => ({ status: "completed" }),
    tells: {},
  },
  {
    what: "completion where reporter and assignee are one",
    by: "supervisor",
    reporter: "assignee",
    status: "in_progress",
    change: () => ({ status: "completed" }),
    tells: { assignee: "completed" },
  },
  {
    what: "much at once: what matters most",
    by: "supervisor",
    change: () => ({ title: "Coolant leaks", status: "diagnostic", assigned_to: people.other.id, comment: "Please" }),
    tells: { other: "assigned", assignee: "unassigned" },
  },
  {
    what: "an assignment to the reporter at completion",
    by: "supervisor",
    reporter: "other",
    status: "in_progress",
    change: () => ({ status: "completed", assigned_to: people.other.id }),
    tells: { other: "assigned", assignee: "unassigned" },
  },
  { what: "nothing new", by: "supervisor", change: () => ({ priority: "medium" }), tells: {} },
];

async function ticketFor({
  reporter = "reporter",
  assignee = "assignee",
  status,
}: Omit<Case, "what" | "change" | "by" | "tells">) {
  const { id } = await desk.create(people[reporter], { machine_id });
  if (assignee) await execute(`UPDATE tickets SET assigned_to = ${people[assignee].id} WHERE id = ${id}`);
  if (status) await putInto(id, status);
  return id;
}

test.each(CASES)("$what by the $by tells $tells", async ({ by, change, tells, ...ticket }) => {
  const id = await ticketFor(ticket);
  expect(await told(() => desk.change(people[by], id, change()))).toEqual(tells);
});

test.each<{ by: Name; tells: Partial<Record<Name, string>> }>([
  { by: "other", tells: { assignee: "commented", reporter: "commented" } },
  { by: "assignee", tells: { reporter: "commented" } },
  { by: "reporter", tells: { assignee: "commented" } },
])("a comment by the $by tells $tells, however it is sent", async ({ by, tells }) => {
  const id = await ticketFor({});
  expect(await told(() => desk.comment(people[by], id, "Smoke"))).toEqual(tells);
  expect(await told(() => desk.change(people[by], id, { comment: "Smoke" }))).toEqual(tells);
});

test("an acknowledgement tells the assignee, unless it is theirs", async () => {
  const theirs = await ticketFor({});
  expect(await told(() => desk.acknowledge(people.other, theirs))).toEqual({ assignee: "acknowledged" });
  expect(await told(() => desk.acknowledge(people.assignee, theirs))).toEqual({});
  const own = await ticketFor({});
  expect(await told(() => desk.acknowledge(people.assignee, own))).toEqual({});
});

test("a creation tells the assignee, unless it is theirs", async () => {
  const create = (by: Name, assignee: Name) => () =>
    desk.create(people[by], { machine_id, assigned_to: people[assignee].id });
  expect(await told(create("supervisor", "other"))).toEqual({ other: "assigned" });
  expect(await told(create("other", "other"))).toEqual({});
});

test("a push shows the ticket as the change left it, one job per version", async () => {
  const id = await ticketFor({});
  const before = await mark();
  for (const title of ["Coolant leaks", "Coolant pump broken"]) await desk.change(people.supervisor, id, { title });
  const jobs = await since(before, "push");
  expect(jobs.map(({ target, subject, payload }) => [target, subject, JSON.parse(payload).ticket.title])).toEqual([
    [`user:${people.assignee.id}`, `ticket:${id}/v2`, "Coolant leaks"],
    [`user:${people.assignee.id}`, `ticket:${id}/v3`, "Coolant pump broken"],
  ]);
  expect(JSON.parse(jobs[0]?.payload ?? "")).toMatchObject({ type: "ticket.updated", timestamp: desk.clock.iso() });
});
