import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Ticket } from "../../src/tickets/schemas.ts";
import { WEBHOOK_EVENTS, type WebhookEvent } from "../../src/vocabulary/events.ts";
import type { Role } from "../../src/vocabulary/roles.ts";
import { execute, machine, type Person, queryAll } from "../helpers.ts";
import { contents, crew, expectRefusal, type Fields, openDesk } from "./desk.ts";
import { endpoint, type Job, mark, since } from "./outbox.ts";

const desk = openDesk();
let people: Record<Role, Person>;
let machine_id: number;
let everything: string;
let deletions: string;

beforeAll(async () => {
  people = await crew();
  machine_id = await machine();
  everything = await endpoint([...WEBHOOK_EVENTS]);
  deletions = await endpoint(["ticket.deleted"]);
  await endpoint([...WEBHOOK_EVENTS], false);
  await endpoint([]);
});

const report = (fields: Fields = {}) => desk.create(people.operator, { machine_id, ...fields });
const events = (jobs: Job[], target: string) =>
  jobs.filter((job) => job.target === target).map((job) => job.event_type);

/** What a request adds to the outbox for webhooks. */
async function heard(request: () => Promise<unknown>): Promise<Job[]> {
  const before = await mark();
  await request();
  return since(before, "webhook");
}

describe("what happens is told, each thing by its name", () => {
  test.each<[string, (ticket: Ticket) => Promise<unknown>, WebhookEvent[]]>([
    ["a changed field", ({ id }) => desk.change(people.supervisor, id, { priority: "high" }), ["ticket.updated"]],
    [
      "two changed fields, once",
      ({ id }) => desk.change(people.supervisor, id, { priority: "high", title: "Coolant leaks" }),
      ["ticket.updated"],
    ],
    ["nothing new", ({ id, title }) => desk.change(people.supervisor, id, { title, priority: "medium" }), []],
    [
      "a cancellation",
      ({ id }) => desk.change(people.technician, id, { status: "cancelled" }),
      ["ticket.status_changed"],
    ],
    [
      "a start that assigns",
      ({ id }) => desk.change(people.technician, id, { status: "in_progress" }),
      ["ticket.assigned", "ticket.status_changed"],
    ],
    [
      "an assignment",
      ({ id }) => desk.change(people.supervisor, id, { assigned_to: people.technician.id }),
      ["ticket.assigned"],
    ],
    ["a comment", ({ id }) => desk.comment(people.operator, id, "Smoke"), ["ticket.commented"]],
    ["a comment by PATCH", ({ id }) => desk.change(people.operator, id, { comment: "Smoke" }), ["ticket.commented"]],
    ["an acknowledgement", ({ id }) => desk.acknowledge(people.technician, id), ["ticket.updated"]],
    ["a deletion", ({ id }) => desk.remove(people.admin, id), ["ticket.deleted"]],
    [
      "everything at once",
      ({ id }) =>
        desk.change(people.supervisor, id, {
          title: "Coolant leaks",
          status: "diagnostic",
          assigned_to: people.technician.id,
          comment: "Please look",
        }),
      ["ticket.assigned", "ticket.commented", "ticket.status_changed", "ticket.updated"],
    ],
  ])("%s", async (_, request, expected) => {
    const ticket = await report();
    const jobs = await heard(() => request(ticket));
    expect(events(jobs, everything)).toEqual(expected);
    expect(events(jobs, deletions)).toEqual(expected.filter((event) => event === "ticket.deleted"));
    expect(new Set(jobs.map((job) => job.target))).toEqual(
      new Set(jobs.length > 0 ? [everything, ...events(jobs, deletions).map(() => deletions)] : []),
    );
    for (const job of jobs) {
      expect(job.subject).toBe(`ticket:${ticket.id}/v2`);
      expect(JSON.parse(job.payload)).toMatchObject({
        type: job.event_type,
        timestamp: desk.clock.iso(),
        data: { ticket: { id: ticket.id, version: 2 }, machine: { id: machine_id } },
      });
    }
  });

  test("a creation, with and without an assignee", async () => {
    const plain = await heard(() => report());
    expect(events(plain, everything)).toEqual(["ticket.created"]);
    const assigned = await heard(() =>
      desk.create(people.supervisor, { machine_id, assigned_to: people.technician.id }),
    );
    expect(events(assigned, everything)).toEqual(["ticket.assigned", "ticket.created"]);
    expect([...plain, ...assigned].every((job) => job.target === everything)).toBe(true);
  });
});

describe("what an event carries", () => {
  test("the ticket as the change left it, the machine and who acted, but nothing secret", async () => {
    const { id } = await report({ is_machine_down: true, description: 'Bearing <hot> & "loud" \' é 🔧' });
    const [job] = await heard(() => desk.change(people.technician, id, { status: "in_progress" }));
    const { data } = JSON.parse(job?.payload ?? "") as { data: Fields };
    expect(data.ticket).toEqual(await desk.read(people.admin, id));
    expect(data.machine).toMatchObject({ id: machine_id, status: "out_of_service" });
    expect(data.machine).not.toHaveProperty("qr_token");
    expect(data.actor).toEqual({
      id: people.technician.id,
      name: expect.stringMatching(/^technician/),
      role: "technician",
    });
  });

  test.each(["Smoke again", 'Quotes " and \\ and {"json": null}', "null", "été 🔥\nsecond line"])(
    "the text of the comment %j",
    async (text) => {
      const { id } = await report();
      for (const request of [
        () => desk.comment(people.operator, id, text),
        () => desk.change(people.operator, id, { comment: text }),
        () => desk.change(people.supervisor, id, { status: "diagnostic", comment: text }),
      ]) {
        const jobs = await heard(request);
        expect(jobs.length).toBeGreaterThan(0);
        for (const job of jobs) expect(JSON.parse(job.payload).data).toMatchObject({ comment: text });
      }
    },
  );

  test("a deleted ticket is shown as it was", async () => {
    const ticket = await report();
    const [job] = await heard(() => desk.remove(people.admin, ticket.id));
    expect(JSON.parse(job?.payload ?? "").data.ticket).toMatchObject({
      ticket_id: ticket.ticket_id,
      title: ticket.title,
    });
  });
});

test("each version is a job of its own, with what it held", async () => {
  const { id } = await report();
  const before = await mark();
  const priorities = ["low", "high", "critical"] as const;
  for (const priority of priorities) await desk.change(people.supervisor, id, { priority });
  const jobs = await since(before, "webhook");
  expect(jobs.map((job) => [job.subject, JSON.parse(job.payload).data.ticket.priority])).toEqual(
    priorities.map((priority, index) => [`ticket:${id}/v${index + 2}`, priority]),
  );
  expect(await queryAll("SELECT generation FROM deliveries WHERE id > ? GROUP BY generation", before)).toEqual([
    { generation: 1 },
  ]);
});

test("the queue is told about exactly what was written", async () => {
  const { id } = await report({});
  const before = await mark();
  const told = desk.announced.length;
  await desk.change(people.supervisor, id, { assigned_to: people.technician.id, title: "Coolant leaks" });
  const written = await queryAll<{ id: number }>("SELECT id FROM deliveries WHERE id > ? ORDER BY id", before);
  expect(written).toHaveLength(3);
  expect(desk.announced.slice(told).sort((a, b) => a - b)).toEqual(written.map((row) => row.id));
});

describe("a change that fails is told to nobody", () => {
  afterEach(() => execute("DROP TRIGGER IF EXISTS stuck"));

  test.each(["INSERT ON deliveries", "UPDATE ON tickets", "INSERT ON ticket_timeline"])("at %s", async (moment) => {
    const { id } = await report({});
    const told = desk.announced.length;
    await execute(`CREATE TRIGGER stuck BEFORE ${moment} BEGIN SELECT RAISE(ABORT, 'stuck'); END`);
    const requests = [
      () => desk.patch(people.supervisor, id, { status: "in_progress", assigned_to: people.technician.id }),
      () => desk.comment(people.operator, id, "Smoke", { "idempotency-key": `${moment.replaceAll(" ", "")}` }),
      () => desk.acknowledge(people.technician, id),
      () => desk.remove(people.admin, id),
    ];
    for (const request of requests) await expectRefusal(request, 500, "internal_error");
    expect(desk.announced).toHaveLength(told);
  });

  test("when it cannot be noted for the search", async () => {
    const { id } = await report({});
    await execute(
      `INSERT INTO search_blocks (level, up_to) VALUES (0, ${id})`,
      "CREATE TRIGGER stuck BEFORE INSERT ON search_edits BEGIN SELECT RAISE(ABORT, 'stuck'); END",
    );
    await expectRefusal(() => desk.patch(people.supervisor, id, { title: "Coolant leaks" }), 500, "internal_error");
  });

  test("a refusal neither", async () => {
    const { id } = await report({});
    const before = await contents();
    await desk.patch(people.supervisor, id, { title: "Coolant leaks", status: "completed" });
    await desk.patch(people.supervisor, id, { title: "Coolant leaks" }, { "if-match": '"9"' });
    expect(await contents()).toEqual(before);
  });
});

test("without an endpoint that listens nothing is written", async () => {
  await execute("UPDATE webhook_endpoints SET active = 0");
  const { id } = await report();
  const before = await mark();
  await desk.change(people.technician, id, { status: "in_progress", comment: "On it" });
  expect(await since(before, "webhook")).toEqual([]);
});
