import { beforeAll, describe, expect, test } from "vitest";
import { machine, type Person, person, send } from "../helpers.ts";
import { openDesk } from "../tickets/desk.ts";
import { attached, expectCode, fileRequest, newTicket, traces } from "./api.ts";
import { ALLOWED } from "./files.ts";

const desk = openDesk();
const { app } = desk;
let reporter: Person;
let other: Person;
let technician: Person;
let machine_id: number;

beforeAll(async () => {
  [reporter, other, technician] = await Promise.all([person("operator"), person("operator"), person("technician")]);
  machine_id = await machine("CNC");
});

const HOUR_MS = 60 * 60_000;
const ago = (hours: number) => new Date(desk.clock.now().getTime() - hours * HOUR_MS).toISOString();

/** A photo by somebody, with what else is in its form. */
function photo(sender: Person, fields: Record<string, string> = {}, headers: Record<string, string> = {}) {
  const init = fileRequest(sender, ALLOWED.png, "photo.png", headers);
  for (const [name, value] of Object.entries(fields)) (init.body as FormData).append(name, value);
  return init;
}
const post = (id: number, init: RequestInit) => app.request(`/api/tickets/${id}/attachments`, init);

async function newest(id: number) {
  const response = await app.request(`/api/tickets/${id}`, send(reporter));
  const { ticket } = (await response.json()) as { ticket: { timeline: object[] } };
  return ticket.timeline.at(-1);
}

async function expectNothing(response: () => Promise<Response>, status: number, code: string) {
  const before = await traces();
  await expectCode(await response(), status, code);
  expect(await traces()).toEqual(before);
}

describe("an operator", () => {
  test("attaches to the ticket that they reported, also once somebody works on it", async () => {
    const { id, ticket_id } = await newTicket(app, reporter, machine_id);
    expect(await attached(await post(id, photo(reporter)))).toMatchObject({ ticket_id: id, user_id: reporter.id });
    await desk.change(technician, id, { status: "in_progress" });
    const response = await app.request(`/api/tickets/${ticket_id}/attachments`, photo(reporter));
    expect((await attached(response)).user_id).toBe(reporter.id);
  });

  test("attaches to no other, be it called theirs", async () => {
    const { id } = await newTicket(app, other, machine_id);
    await expectNothing(() => post(id, photo(reporter)), 403, "forbidden");
    const reporter_name = "operator";
    const named = await desk.create(technician, { machine_id, reporter_name });
    await expectNothing(() => post(named.id, photo(reporter)), 403, "forbidden");
    await expectNothing(() => post(999_999, photo(reporter)), 404, "ticket_not_found");
  });
});

describe("a photo that was taken without a network", () => {
  test("stands in the timeline as of then, by a clock that is wrong as well", async () => {
    for (const ahead of [0, 1 / 3, -1 / 3, 72, -72]) {
      const { id } = await newTicket(app, reporter, machine_id);
      const headers = { "client-time": ago(-ahead) };
      await attached(await post(id, photo(reporter, { occurred_at: ago(2 - ahead) }, headers)));
      expect(await newest(id)).toMatchObject({
        action: "attached",
        created_at: desk.clock.iso(),
        occurred_at: ago(2),
      });
    }
  });

  test("is of now where it says nothing, or lies ahead", async () => {
    const { id } = await newTicket(app, reporter, machine_id);
    const ahead: Record<string, string>[] = [{}, { occurred_at: ago(-5) }];
    for (const fields of ahead) {
      await attached(await post(id, photo(reporter, fields)));
      expect(await newest(id)).toMatchObject({ action: "attached", occurred_at: null });
    }
  });

  test("repeated under its key by a clock that goes on is answered as at first", async () => {
    const { id } = await newTicket(app, reporter, machine_id);
    const occurred_at = ago(2);
    const attempt = (ahead: number) =>
      post(id, photo(reporter, { occurred_at }, { "idempotency-key": `photo-${id}`, "client-time": ago(-ahead) }));
    const first = await (await attempt(0.5)).text();
    const before = await traces();
    const again = await attempt(0);
    expect([again.headers.get("idempotency-replayed"), await again.text()]).toEqual(["true", first]);
    expect(await traces()).toEqual(before);
  });

  test("is refused when that is no time, said twice, or more than 30 days ago", async () => {
    const { id } = await newTicket(app, reporter, machine_id);
    for (const occurred_at of ["yesterday", ""]) {
      await expectNothing(() => post(id, photo(reporter, { occurred_at })), 400, "validation_failed");
    }
    const twice = photo(reporter, { occurred_at: ago(1) });
    (twice.body as FormData).append("occurred_at", ago(2));
    await expectNothing(() => post(id, twice), 400, "validation_failed");
    const old = { occurred_at: ago(30 * 24 + 1) };
    await expectNothing(() => post(id, photo(reporter, old)), 422, "value_not_accepted");
  });
});
