import { beforeAll, expect, test } from "vitest";
import { anotherToken, unsigned } from "../auth/credentials.ts";
import { at, execute, machine, ORIGIN, type Person, person, queryAll, rowCounts, send, startApp } from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";
import { createdTicket, postTicket } from "./api.ts";

const NOW = "2026-11-20T15:00:00.000Z";
const app = startApp(at(NOW));
let technician: Person;
let operator: Person;
let machine_id: number;

beforeAll(async () => {
  technician = await person("technician");
  operator = await person("operator");
  machine_id = await machine("CNC");
});

const withKey = (key: string) => ({ "idempotency-key": key });

/** Status, replay mark and body text of an answer: what a client can compare. */
async function seen(response: Response) {
  return {
    status: response.status,
    replayed: response.headers.get("idempotency-replayed"),
    location: response.headers.get("location"),
    etag: response.headers.get("etag"),
    type: response.headers.get("content-type"),
    body: await response.text(),
  };
}

test("50 twins sent at once make one ticket, and all are answered alike", async () => {
  const before = await rowCounts();
  const body = { title: "Spindle vibrates", machine_id, is_machine_down: true };
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => seen(await postTicket(app, technician, body, withKey("twins")))),
  );
  const [first, ...others] = answers.filter((answer) => answer.replayed === null);
  expect(others).toEqual([]);
  expect(first).toMatchObject({ status: 201, location: "/api/tickets/CNC-1126-0001", etag: '"1"' });
  const replays = answers.filter((answer) => answer.replayed !== null);
  expect(replays).toEqual(Array.from({ length: 49 }, () => ({ ...first, replayed: "true" })));
  expect(await rowCounts()).toEqual({
    ...before,
    tickets: 1,
    ticket_timeline: 1,
    document_changes: (before.document_changes ?? 0) + 1,
    ticket_counters: 1,
    machine_timeline: 1,
    idempotency_keys: 1,
  });
});

test("twins leave no gap in the numbers", async () => {
  const gap = await machine("GAP");
  const body = { title: "Spindle vibrates", machine_id: gap };
  await Promise.all(Array.from({ length: 8 }, () => postTicket(app, technician, body, withKey("gap"))));
  const next = await createdTicket(await postTicket(app, technician, body, withKey("gap-next")));
  expect(next.ticket_id).toBe("GAP-1126-0002");
});

test("another body under a known key is refused", async () => {
  await createdTicket(await postTicket(app, technician, { title: "Original", machine_id }, withKey("reused")));
  for (const body of [
    { title: "Changed", machine_id },
    { title: "Original", machine_id, priority: "high" },
    { title: "Original", machine_id, is_machine_down: true },
    { title: "Original", machine_id, description: "More" },
  ]) {
    await expectRefusal(app, "/api/tickets", send(technician, body, withKey("reused")), 422, "idempotency_key_reused");
  }
});

test("twins with different bodies make one ticket; the loser is told", async () => {
  const answers = await Promise.all(
    ["One", "Two", "Three", "Four"].map((word) =>
      postTicket(app, technician, { title: `Body ${word}`, machine_id }, withKey("race")),
    ),
  );
  const winners = answers.filter((answer) => answer.status === 201);
  expect(winners).toHaveLength(1);
  for (const answer of answers.filter((answer) => answer.status !== 201)) {
    await expectProblem(answer, 422, "idempotency_key_reused");
  }
});

test("the same key of another user makes that user's own ticket", async () => {
  const body = { title: "Shared key", machine_id };
  const mine = await createdTicket(await postTicket(app, technician, body, withKey("shared")));
  const response = await postTicket(app, operator, body, withKey("shared"));
  expect(response.headers.get("idempotency-replayed")).toBeNull();
  const theirs = await createdTicket(response);
  expect(theirs.id).not.toBe(mine.id);
  expect(theirs.reported_by).toBe(operator.id);
  // From now on each of them gets their own first answer again.
  for (const [sender, ticket] of [
    [operator, theirs],
    [technician, mine],
  ] as const) {
    expect(await createdTicket(await postTicket(app, sender, body, withKey("shared")))).toEqual(ticket);
  }
});

test("without a key, the same body twice makes two tickets", async () => {
  const body = { title: "Sent twice", machine_id };
  const first = await createdTicket(await postTicket(app, technician, body));
  const second = await createdTicket(await postTicket(app, technician, body));
  expect(second.id).toBe(first.id + 1);
});

test("a replay shows the first answer even when the ticket and its machine have changed since", async () => {
  const retiring = await machine("RET");
  const body = { title: "Bearing is loud", machine_id: retiring };
  const first = await seen(await postTicket(app, technician, body, withKey("retired")));
  await execute(
    `UPDATE machines SET retired_at = '${NOW}', name = 'Gone' WHERE id = ${retiring}`,
    `UPDATE tickets SET title = 'Edited', version = 2 WHERE machine_id = ${retiring}`,
  );
  const later = startApp(at("2026-11-21T08:00:00.000Z"));
  expect(await seen(await postTicket(later, technician, body, withKey("retired")))).toEqual({
    ...first,
    replayed: "true",
  });
});

test("a replay is still given when reported_at has grown too old for a new ticket", async () => {
  const body = { title: "Written offline", machine_id, reported_at: "2026-10-22T00:00:00.000Z" };
  const first = await seen(await postTicket(app, technician, body, withKey("offline")));
  expect(first.status).toBe(201);
  const twoDaysLater = startApp(at("2026-11-22T15:00:00.000Z"));
  expect(await seen(await postTicket(twoDaysLater, technician, body, withKey("offline")))).toEqual({
    ...first,
    replayed: "true",
  });
});

test("a replay is still given to somebody whose role would no longer allow the request", async () => {
  const supervisor = await person("supervisor");
  const body = { title: "Assigned", machine_id, assigned_to: technician.id };
  const first = await seen(await postTicket(app, supervisor, body, withKey("demoted")));
  expect(first.status).toBe(201);
  await execute(`UPDATE users SET role = 'operator' WHERE id = ${supervisor.id}`);
  const demoted = { ...supervisor, token: await anotherToken(supervisor) };
  await expectRefusal(app, "/api/tickets", send(demoted, body, withKey("other")), 403, "forbidden_field");
  expect(await seen(await postTicket(app, demoted, body, withKey("demoted")))).toEqual({ ...first, replayed: "true" });
});

test("member order, spacing, unknown members, spelled-out defaults and padding do not make another body", async () => {
  const token = `Bearer ${technician.token}`;
  const headers = { authorization: token, "content-type": "application/json", ...withKey("same") };
  const texts = [
    `{"title":"Same request","machine_id":${machine_id}}`,
    `{ "machine_id" : ${machine_id} ,\n\t"title" : "Same request" }`,
    `{"title":"Same request","machine_id":${machine_id},"colour":"blue","nested":{"a":[1]}}`,
    `{"title":"  Same request\\n","machine_id":${machine_id}.0,"priority":"medium","description":null}`,
    `{"title":"Same \\u0072equest","machine_id":${machine_id},"is_machine_down":false,"reporter_name":"  "}`,
  ];
  const bodies = new Set<string>();
  for (const body of texts) {
    const response = await app.request("/api/tickets", { method: "POST", headers, body });
    expect(response.status).toBe(201);
    bodies.add(await response.text());
  }
  expect(bodies.size).toBe(1);
});

test("a refused request does not use its key up", async () => {
  await expectRefusal(
    app,
    "/api/tickets",
    send(technician, { title: "Nowhere", machine_id: 9999 }, withKey("again")),
    404,
    "machine_not_found",
  );
  const response = await postTicket(app, technician, { title: "Somewhere", machine_id }, withKey("again"));
  expect(response.headers.get("idempotency-replayed")).toBeNull();
  await createdTicket(response);
});

test.each([
  ["256 characters", "k".repeat(256)],
  ["an inner space", "two words"],
  ["a tab", "two\twords"],
  ["a letter beyond ASCII", "clé"],
  ["nothing", ""],
])("a key of %s is refused", async (_, key) => {
  const init = send(technician, { title: "Bad key", machine_id }, withKey(key));
  await expectRefusal(app, "/api/tickets", init, 400, "invalid_idempotency_key");
});

test.each([
  ["one character", "k"],
  ["255 characters", "k".repeat(255)],
  ["every kind of sign", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"],
])("a key of %s is accepted", async (_, key) => {
  const body = { title: "Good key", machine_id };
  await createdTicket(await postTicket(app, technician, body, withKey(key)));
  const again = await postTicket(app, technician, body, withKey(key));
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(await queryAll("SELECT 1 FROM idempotency_keys WHERE key = ?", key)).toHaveLength(1);
});

test("keys tell upper from lower case", async () => {
  const upper = await createdTicket(await postTicket(app, technician, { title: "Case", machine_id }, withKey("Case")));
  const lower = await createdTicket(await postTicket(app, technician, { title: "Case", machine_id }, withKey("case")));
  expect(lower.id).not.toBe(upper.id);
});

test("a user whose session has ended gets no replay", async () => {
  const leaver = await person("technician");
  const body = { title: "Confidential", machine_id };
  await createdTicket(await postTicket(app, leaver, body, withKey("leaver")));
  await execute(`DELETE FROM sessions WHERE user_id = ${leaver.id}`);
  await expectRefusal(app, "/api/tickets", send(leaver, body, withKey("leaver")), 401, "unauthorized");
});

test("a deactivated user gets no replay", async () => {
  const leaver = await person("technician");
  const body = { title: "Confidential", machine_id };
  await createdTicket(await postTicket(app, leaver, body, withKey("disabled")));
  await execute(`UPDATE users SET active = 0 WHERE id = ${leaver.id}`);
  await expectRefusal(app, "/api/tickets", send(leaver, body, withKey("disabled")), 401, "unauthorized");
});

test("the stored record names its route and carries no credential", async () => {
  await postTicket(app, technician, { title: "Stored", machine_id }, withKey("stored"));
  const [row] = await queryAll<Record<string, unknown>>("SELECT * FROM idempotency_keys WHERE key = 'stored'");
  expect(row).toMatchObject({ user_id: technician.id, route: "POST /api/tickets", status: 201, created_at: NOW });
  expect(JSON.stringify(row)).not.toContain(unsigned(technician.token));
  expect(JSON.stringify(row)).not.toContain(ORIGIN);
});
