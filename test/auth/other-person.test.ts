import { beforeAll, expect, test } from "vitest";
import { execute, machine, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";
import { createdTicket } from "../tickets/api.ts";

// A phone is handed on while something waits on it: the cookie is of the second person by then.

const app = startApp();
let first: Person;
let second: Person;
let machine_id: number;

beforeAll(async () => {
  first = await person("technician");
  second = await person("technician");
  machine_id = await machine("CNC");
});

const title = "Spindle vibrates";
const reportBy = (sender: Person | null, user: string, headers = {}) =>
  send(sender, { title, machine_id }, { "shopfloor-user": user, ...headers });

test("what the first has left is not sent as the second, and is as soon as the first is back", async () => {
  const key = { "idempotency-key": "left-behind" };
  await expectRefusal(app, "/api/tickets", reportBy(second, `${first.id}`, key), 409, "signed_in_as_other");
  const ticket = await createdTicket(await app.request("/api/tickets", reportBy(first, `${first.id}`, key)));
  expect(ticket.reported_by).toBe(first.id);
});

test("nothing is read as the second either", async () => {
  const ask = { headers: { cookie: `shopfloor.session_token=${second.token}`, "shopfloor-user": `${first.id}` } };
  await expectRefusal(app, "/api/me/queue", ask, 409, "signed_in_as_other");
  const own = { headers: { ...ask.headers, "shopfloor-user": `${second.id}` } };
  expect((await app.request("/api/me/queue", own)).status).toBe(200);
});

test.each(["0", "Marc", "", "1.0", " "])("%j is nobody who is signed in", async (user) => {
  await expectRefusal(app, "/api/tickets", reportBy(first, user), 409, "signed_in_as_other");
});

test("whose session has ended is told that, not that it was another's", async () => {
  const gone = await person("technician");
  expect((await app.request("/api/me", send(gone))).status).toBe(200);
  await execute(`DELETE FROM sessions WHERE user_id = ${gone.id}`);
  for (const user of [gone, first]) {
    await expectProblem(await app.request("/api/tickets", reportBy(gone, `${user.id}`)), 401, "unauthorized");
  }
  expect(await queryAll("SELECT 1 FROM tickets WHERE reported_by = ?", gone.id)).toEqual([]);
});

test("the words are in the language that was asked for", async () => {
  const answer = await app.request("/api/tickets", reportBy(second, `${first.id}`, { "accept-language": "fr" }));
  expect((await expectProblem(answer, 409, "signed_in_as_other")).title).toBe("Une autre personne est connectée");
});
