import { beforeAll, describe, expect, test } from "vitest";
import { Machine, MachineListOutput } from "../../src/machines/schemas.ts";
import { at, execute, machine, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectRefusal } from "../problems.ts";

const NOW = "2026-11-20T15:00:00.000Z";
const app = startApp(at(NOW));
let supervisor: Person;
let operator: Person;

beforeAll(async () => {
  supervisor = await person("supervisor");
  operator = await person("operator");
  await machine("CNC", "Haas VF-2");
});

const refuse = (body: unknown, status: number, code: Parameters<typeof expectRefusal>[4]) =>
  expectRefusal(app, "/api/machines", send(supervisor, body), status, code);

async function add(body: Record<string, unknown>) {
  const init = send(supervisor, { machine_type: "CNC", name: "Mazak QTN-200", ...body });
  const response = await app.request("/api/machines", init);
  expect(response.status).toBe(201);
  const { machine: added, ...rest } = (await response.json()) as { machine: unknown };
  expect(rest).toEqual({});
  return Machine.strict().parse(added);
}

async function list(query = "") {
  const response = await app.request(`/api/machines${query}`, send(operator));
  expect(response.status).toBe(200);
  const page = MachineListOutput.extend({ machines: Machine.strict().array() })
    .strict()
    .parse(await response.json());
  return { ...page, link: response.headers.get("link") };
}

test("a machine is added with its type's code and a QR token of its own", async () => {
  const added = await add({
    name: "DMG Mori NHX 4000",
    model: "NHX 4000",
    serial_number: "DMG-40-5521",
    location: "Hall B, bay 1",
    status: "maintenance",
  });
  expect(added).toEqual({
    id: expect.any(Number),
    machine_type: "CNC",
    name: "DMG Mori NHX 4000",
    model: "NHX 4000",
    serial_number: "DMG-40-5521",
    location: "Hall B, bay 1",
    status: "maintenance",
    status_cause: "person",
    status_since: NOW,
    set_status: "maintenance",
    set_by: supervisor.id,
    set_reason: null,
    qr_token: expect.stringMatching(/^[\w-]{22}$/),
    created_at: NOW,
    updated_at: NOW,
    retired_at: null,
  });
  expect((await list()).machines).toContainEqual(added);
});

test("what is left out is null, and the machine is operational", async () => {
  expect(await add({})).toMatchObject({ model: null, serial_number: null, location: null, status: "operational" });
  expect(await add({ model: "  ", serial_number: "", location: null })).toMatchObject({
    model: null,
    serial_number: null,
    location: null,
  });
});

test("text is trimmed and normalised, and otherwise stored as sent", async () => {
  const added = await add({
    name: "  Fraiseuse no\u00a03 – «\u00a0Re\u0301mi\u00a0» 🔧 ",
    location: "Hall '); DROP TABLE machines;--",
  });
  expect(added).toMatchObject({
    name: "Fraiseuse no\u00a03 – «\u00a0Rémi\u00a0» 🔧",
    location: "Hall '); DROP TABLE machines;--",
  });
});

test("QR tokens cannot be guessed: 128 random bits, never the same, nothing in common", async () => {
  const tokens: string[] = [];
  for (let index = 0; index < 40; index++) tokens.push((await add({})).qr_token);
  expect(new Set(tokens).size).toBe(tokens.length);
  for (const token of tokens) {
    const bytes = Buffer.from(token, "base64url");
    expect(bytes).toHaveLength(16);
    expect(new Set(bytes).size).toBeGreaterThan(8);
  }
  // Every position takes many values: no counter, no time and no constant part (the last one holds two bits only).
  for (let position = 0; position < 21; position++) {
    expect(new Set(tokens.map((token) => token[position])).size).toBeGreaterThan(10);
  }
});

test("a QR token or anything else of the server's cannot be chosen", async () => {
  const added = await add({
    id: 4242,
    qr_token: "A".repeat(22),
    created_at: "2020-01-01T00:00:00.000Z",
    retired_at: "2020-01-01T00:00:00.000Z",
    machine_type_id: 9999,
  });
  expect(added).toMatchObject({ machine_type: "CNC", created_at: NOW, retired_at: null });
  expect(added.id).not.toBe(4242);
  expect(added.qr_token).not.toBe("A".repeat(22));
});

test("a serial number belongs to one machine; machines without one are no conflict", async () => {
  await add({ serial_number: "HAAS-1142087" });
  await refuse({ machine_type: "CNC", name: "Copy", serial_number: "HAAS-1142087" }, 409, "serial_number_taken");
  await refuse({ machine_type: "CNC", name: "Copy", serial_number: " HAAS-1142087 " }, 409, "serial_number_taken");
  await add({ serial_number: null });
  await add({ serial_number: null });
});

test("twins with one serial number are one machine", async () => {
  const init = send(supervisor, { machine_type: "CNC", name: "Twin", serial_number: "TWIN-1" });
  const responses = await Promise.all(Array.from({ length: 8 }, () => app.request("/api/machines", init)));
  expect(responses.map((response) => response.status).sort()).toEqual([201, ...Array(7).fill(409)]);
  expect(await queryAll("SELECT 1 FROM machines WHERE serial_number = 'TWIN-1'")).toHaveLength(1);
});

test("an unknown type is not found, whatever the machine is called", async () => {
  await refuse({ machine_type: "LAT", name: "CNC lathe" }, 404, "machine_type_not_found");
});

test("the type's code is never cut from a name", async () => {
  await refuse({ name: "CNC lathe" }, 400, "validation_failed");
  await execute("INSERT INTO machine_types (code, name, created_at, updated_at) VALUES ('TOUR', 'CNC lathe', '', '')");
  expect(await add({ machine_type: "TOUR", name: "CNC Okuma" })).toMatchObject({ machine_type: "TOUR" });
});

describe("a machine with a wrong field is refused", () => {
  test.each<[string, unknown]>([
    ["machine_type", undefined],
    ["machine_type", "cnc"],
    ["machine_type", "C"],
    ["machine_type", "TOOLONG"],
    ["machine_type", "CN1"],
    ["machine_type", 1],
    ["name", undefined],
    ["name", ""],
    ["name", " "],
    ["name", "x".repeat(101)],
    ["name", 5],
    ["model", "x".repeat(101)],
    ["serial_number", "x".repeat(101)],
    ["serial_number", 1142087],
    ["location", "x".repeat(201)],
    ["status", "broken"],
    ["status", null],
  ])("%s: %j", async (field, value) => {
    const body = { machine_type: "CNC", name: "Haas", [field]: value };
    const problem = await refuse(body, 400, "validation_failed");
    expect(problem.errors?.map((error) => error.path)).toEqual([field]);
  });
});

describe("the list", () => {
  test("holds the machines in use, oldest first, page by page", async () => {
    const retired = await add({ name: "Retired" });
    await execute(`UPDATE machines SET retired_at = '${NOW}' WHERE id = ${retired.id}`);
    const rows = await queryAll<{ id: number }>("SELECT id FROM machines WHERE retired_at IS NULL ORDER BY id");
    const seen: number[] = [];
    let query = "?limit=7";
    for (let next: string | null = ""; next !== null; ) {
      const page = await list(query);
      seen.push(...page.machines.map((machine) => machine.id));
      next = page.next_cursor;
      expect(page.link).toBe(next && `<https://shop.example/api/machines?limit=7&cursor=${next}>; rel="next"`);
      query = `?limit=7&cursor=${next}`;
    }
    expect(seen).toEqual(rows.map((row) => row.id));
    expect(seen).not.toContain(retired.id);
  });

  test.each(["limit=0", "limit=101", "limit=x"])("refuses %s", async (query) => {
    await expectRefusal(app, `/api/machines?${query}`, send(operator), 400, "validation_failed");
  });

  test.each(["x", "WzBd", "WyJDTkMiXQ", "W10", "bnVsbA"])("refuses the cursor %s", async (cursor) => {
    await expectRefusal(app, `/api/machines?cursor=${cursor}`, send(operator), 400, "invalid_cursor");
  });
});
