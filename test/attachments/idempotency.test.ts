import { beforeAll, expect, test } from "vitest";
import { execute, machine, type Person, person, startApp } from "../helpers.ts";
import { attached, expectCode, fileRequest, newTicket, traces } from "./api.ts";
import { ALLOWED } from "./files.ts";

const app = startApp();
let technician: Person;
let machineId: number;
let path: string;

beforeAll(async () => {
  technician = await person("technician");
  machineId = await machine("CNC");
  path = `/api/tickets/${(await newTicket(app, technician, machineId)).ticket_id}/attachments`;
});

const sendFile = (key: string, bytes = ALLOWED.png, name = "a.png") =>
  app.request(path, fileRequest(technician, bytes, name, { "idempotency-key": key }));

test("the same key and file: the first answer again, one row, one object", async () => {
  const first = await attached(await sendFile("again"));
  const before = await traces();
  const response = await sendFile("again");
  expect(response.headers.get("idempotency-replayed")).toBe("true");
  expect(response.headers.get("location")).toBe(first.url);
  expect(await attached(response)).toEqual(first);
  expect(await traces()).toEqual(before);
});

test("the same key with another file or name is refused", async () => {
  await attached(await sendFile("other"));
  const before = await traces();
  await expectCode(await sendFile("other", ALLOWED.jpg), 422, "idempotency_key_reused");
  await expectCode(await sendFile("other", ALLOWED.png, "b.png"), 422, "idempotency_key_reused");
  await expectCode(await sendFile("bad key"), 400, "invalid_idempotency_key");
  expect(await traces()).toEqual(before);
});

test("twelve twins at once: one effect, one object, twelve equal answers", async () => {
  const before = await traces();
  const answers = await Promise.all(Array.from({ length: 12 }, () => sendFile("twins")));
  const attachments = await Promise.all(answers.map(attached));
  expect(new Set(attachments.map((attachment) => attachment.id)).size).toBe(1);
  expect(answers.filter((answer) => answer.headers.get("idempotency-replayed") === null)).toHaveLength(1);
  const after = await traces();
  expect(after.rows).toHaveLength(before.rows.length + 1);
  expect(after.objects).toHaveLength(before.objects.length + 1);
});

test("twelve different files at once: each is there, and the version rose twelve times", async () => {
  const ticket = await newTicket(app, technician, machineId);
  const own = `/api/tickets/${ticket.id}/attachments`;
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => app.request(own, fileRequest(technician, ALLOWED.png, `${index}.png`))),
  );
  const names = await Promise.all(answers.map(async (answer) => (await attached(answer)).file_name));
  expect(new Set(names).size).toBe(12);
  expect((await traces()).tickets).toContainEqual(expect.objectContaining({ id: ticket.id, version: 13 }));
});

test("a repeat is answered as before even when the ticket was deleted since", async () => {
  const ticket = await newTicket(app, technician, machineId);
  const init = () => fileRequest(technician, ALLOWED.png, "a.png", { "idempotency-key": "deleted-since" });
  const own = `/api/tickets/${ticket.id}/attachments`;
  const first = await attached(await app.request(own, init()));
  await execute(`UPDATE tickets SET deleted_at = created_at WHERE id = ${ticket.id}`);
  expect(await attached(await app.request(own, init()))).toEqual(first);
});
