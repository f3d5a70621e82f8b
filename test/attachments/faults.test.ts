import { env } from "cloudflare:workers";
import { afterEach, beforeAll, expect, test } from "vitest";
import { breakingConnection } from "../db/connection.ts";
import { execute, machine, type Person, person, queryAll, startApp } from "../helpers.ts";
import { appWith, attached, expectCode, fileRequest, newTicket, traces } from "./api.ts";
import { ALLOWED } from "./files.ts";

const app = startApp();
let technician: Person;
let ticket: { id: number; ticket_id: string };
let path: string;

beforeAll(async () => {
  technician = await person("technician");
  ticket = await newTicket(app, technician, await machine("CNC"));
  path = `/api/tickets/${ticket.ticket_id}/attachments`;
});

afterEach(async () => {
  const triggers = await queryAll<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'trigger'");
  if (triggers.length > 0) await execute(...triggers.map(({ name }) => `DROP TRIGGER ${name}`));
});

/** `target` with some methods replaced. */
const replaced = <T extends object>(target: T, methods: Record<string, unknown>): T =>
  new Proxy(target, {
    get(object, name) {
      if (typeof name === "string" && name in methods) return methods[name];
      const member: unknown = Reflect.get(object, name);
      return typeof member === "function" ? member.bind(object) : member;
    },
  });

const broken = async () => {
  throw new Error("put: Unspecified error (10001) at /srv/secret");
};

test.each(["attachments", "ticket_timeline", "idempotency_keys"])(
  "when writing %s fails, neither row nor object stays, and the same request succeeds later",
  async (table) => {
    const before = await traces();
    const init = () => fileRequest(technician, ALLOWED.png, "a.png", { "idempotency-key": `fault-${table}` });
    await execute(`CREATE TRIGGER fault BEFORE INSERT ON ${table} BEGIN SELECT RAISE(ABORT, 'injected'); END`);
    await expectCode(await app.request(path, init()), 500, "internal_error");
    expect(await traces()).toEqual(before);
    await execute("DROP TRIGGER fault");
    await attached(await app.request(path, init()));
    expect((await traces()).objects).toHaveLength(before.objects.length + 1);
  },
);

test("when raising the ticket's version fails, neither row nor object stays", async () => {
  const before = await traces();
  await execute("CREATE TRIGGER fault BEFORE UPDATE ON tickets BEGIN SELECT RAISE(ABORT, 'injected'); END");
  await expectCode(await app.request(path, fileRequest(technician, ALLOWED.png)), 500, "internal_error");
  expect(await traces()).toEqual(before);
});

test("a storage that does not answer leaves no row", async () => {
  const before = await traces();
  const failing = appWith({ ATTACHMENTS: replaced(env.ATTACHMENTS, { put: broken }) });
  const response = await failing.request(path, fileRequest(technician, ALLOWED.png));
  expect(response.headers.get("retry-after")).toBe("1");
  expect(await response.clone().text()).not.toContain("secret");
  await expectCode(response, 503, "storage_unavailable");
  expect(await traces()).toEqual(before);
});

test("a storage that stored the object and then failed leaves nothing either", async () => {
  const before = await traces();
  const put = async (...args: Parameters<R2Bucket["put"]>) => {
    await env.ATTACHMENTS.put(...args);
    return broken();
  };
  const failing = appWith({ ATTACHMENTS: replaced(env.ATTACHMENTS, { put }) });
  await expectCode(await failing.request(path, fileRequest(technician, ALLOWED.png)), 503, "storage_unavailable");
  expect(await traces()).toEqual(before);
});

test("an object that cannot be deleted after a failed batch does not hide the failure", async () => {
  const failing = appWith({ ATTACHMENTS: replaced(env.ATTACHMENTS, { delete: broken }) });
  await execute("CREATE TRIGGER fault BEFORE INSERT ON attachments BEGIN SELECT RAISE(ABORT, 'injected'); END");
  const rows = (await traces()).rows;
  await expectCode(await failing.request(path, fileRequest(technician, ALLOWED.png)), 500, "internal_error");
  expect((await traces()).rows).toEqual(rows);
});

test("a connection lost after the commit keeps the object: with a key the answer is found again", async () => {
  const lossy = appWith({ DB: breakingConnection(env.DB, "after commit").database }, { sleep: async () => {} });
  const init = fileRequest(technician, ALLOWED.jpg, "b.jpg", { "idempotency-key": "lost" });
  const attachment = await attached(await lossy.request(path, init));
  const [row] = await queryAll<{ object_key: string }>(
    "SELECT object_key FROM attachments WHERE id = ?",
    attachment.id,
  );
  expect(await env.ATTACHMENTS.head(row?.object_key ?? "")).not.toBeNull();
});

test("a connection lost after the commit without a key is reported, and the committed row keeps its object", async () => {
  const before = await traces();
  const lossy = appWith({ DB: breakingConnection(env.DB, "after commit").database }, { sleep: async () => {} });
  await expectCode(await lossy.request(path, fileRequest(technician, ALLOWED.jpg)), 503, "database_unavailable");
  const after = await traces();
  expect(after.rows).toHaveLength(before.rows.length + 1);
  expect(after.objects).toHaveLength(before.objects.length + 1);
});

test("a ticket deleted while the file travels gets no file", async () => {
  const doomed = await newTicket(app, technician, await machine("LAT"));
  const before = await traces();
  const put = async (...args: Parameters<R2Bucket["put"]>) => {
    await execute(`UPDATE tickets SET deleted_at = created_at WHERE id = ${doomed.id}`);
    return env.ATTACHMENTS.put(...args);
  };
  const slow = appWith({ ATTACHMENTS: replaced(env.ATTACHMENTS, { put }) });
  const response = await slow.request(`/api/tickets/${doomed.id}/attachments`, fileRequest(technician, ALLOWED.png));
  await expectCode(response, 404, "ticket_not_found");
  expect(await traces()).toEqual(before);
});
