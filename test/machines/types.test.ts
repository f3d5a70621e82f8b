import { beforeAll, describe, expect, test } from "vitest";
import { MachineType, MachineTypeListOutput } from "../../src/machines/schemas.ts";
import { at, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectRefusal } from "../problems.ts";

const NOW = "2026-11-20T15:00:00.000Z";
const app = startApp(at(NOW));
let supervisor: Person;
let operator: Person;

beforeAll(async () => {
  supervisor = await person("supervisor");
  operator = await person("operator");
});

type Code = Parameters<typeof expectRefusal>[4];
const post = (body: unknown) => app.request("/api/machine-types", send(supervisor, body));
const patch = (id: number | string, body: unknown, on = app) =>
  on.request(`/api/machine-types/${id}`, send(supervisor, body, {}, "PATCH"));
const refusePost = (body: unknown, status: number, code: Code) =>
  expectRefusal(app, "/api/machine-types", send(supervisor, body), status, code);
const refusePatch = (id: number | string, body: unknown, status: number, code: Code) =>
  expectRefusal(app, `/api/machine-types/${id}`, send(supervisor, body, {}, "PATCH"), status, code);

async function parsed(response: Response, status: number) {
  expect(response.status).toBe(status);
  return MachineType.strict().parse(((await response.json()) as { machine_type: unknown }).machine_type);
}

test("a type is added with an explicit code", async () => {
  const type = await parsed(await post({ code: "CNC", name: " CNC machining centre " }), 201);
  expect(type).toEqual({
    id: expect.any(Number),
    code: "CNC",
    name: "CNC machining centre",
    created_at: NOW,
    updated_at: NOW,
  });
});

test.each(["AB", "ABCDEF"])("the code %s is accepted", async (code) => {
  expect((await parsed(await post({ code, name: "Type" }), 201)).code).toBe(code);
});

const WRONG_CODES = [
  "A",
  "ABCDEFG",
  "",
  "cnc",
  "Cnc",
  "C1",
  "C-C",
  "C C",
  " CNC",
  "CNC ",
  "CNC\n",
  "ÉTÉ",
  "ＣＮＣ",
  "CN%",
  "СNC",
  12,
  null,
  ["CNC"],
];

test.each(WRONG_CODES)("the code %j is refused, on adding and on changing", async (code) => {
  const type = (await queryAll<{ id: number }>("SELECT id FROM machine_types LIMIT 1"))[0];
  for (const problem of [
    await refusePost({ code, name: "Type" }, 400, "validation_failed"),
    await refusePatch(type?.id ?? 0, { code }, 400, "validation_failed"),
  ]) {
    expect(problem.errors?.[0]?.path).toBe("code");
  }
});

test("the database itself refuses such codes", async () => {
  const insert = "INSERT INTO machine_types (code, name, created_at, updated_at) VALUES (?, 'x', '', '')";
  for (const code of WRONG_CODES.filter((wrong) => typeof wrong === "string")) {
    await expect(queryAll(insert, code)).rejects.toThrow("CHECK constraint failed");
  }
});

test("a code is never made from a name", async () => {
  await refusePost({ name: "Lathe" }, 400, "validation_failed");
  await refusePost({ name: "LAT" }, 400, "validation_failed");
});

test.each<[unknown]>([[undefined], [""], ["  "], ["x".repeat(101)], [5]])("the name %j is refused", async (name) => {
  const problem = await refusePost({ code: "NAME", name }, 400, "validation_failed");
  expect(problem.errors?.[0]?.path).toBe("name");
});

test("a code belongs to one type", async () => {
  await refusePost({ code: "CNC", name: "Another" }, 409, "machine_type_code_taken");
  const responses = await Promise.all(Array.from({ length: 8 }, () => post({ code: "TWIN", name: "Twin" })));
  expect(responses.map((response) => response.status).sort()).toEqual([201, ...Array(7).fill(409)]);
});

describe("changing a type", () => {
  const later = startApp(at("2026-11-21T08:00:00.000Z"));

  test("touches what was sent and nothing else", async () => {
    const type = await parsed(await post({ code: "GRD", name: "Grinder" }), 201);
    const renamed = await parsed(await patch(type.id, { name: "Rectifieuse" }, later), 200);
    expect(renamed).toEqual({ ...type, name: "Rectifieuse", updated_at: "2026-11-21T08:00:00.000Z" });
    const recoded = await parsed(await patch(type.id, { code: "RECT" }, later), 200);
    expect(recoded).toEqual({ ...renamed, code: "RECT" });
  });

  test("ignores members that only the server sets", async () => {
    const type = await parsed(await post({ code: "LAS", name: "Laser" }), 201);
    const changed = await parsed(await patch(type.id, { id: 4242, created_at: "2020-01-01T00:00:00.000Z" }), 200);
    expect(changed).toMatchObject({ id: type.id, created_at: type.created_at });
  });

  test("to a code that is taken is a conflict", async () => {
    const type = await parsed(await post({ code: "SAW", name: "Saw" }), 201);
    await refusePatch(type.id, { code: "CNC" }, 409, "machine_type_code_taken");
    expect((await parsed(await patch(type.id, { code: "SAW" }), 200)).code).toBe("SAW");
  });

  test("that does not exist is not found", async () => {
    await refusePatch(9999, { name: "Nothing" }, 404, "machine_type_not_found");
  });

  test.each(["0", "-1", "abc", "1.5", "1e0", "%20", "9".repeat(30)])("by the id '%s' is refused", async (id) => {
    const problem = await refusePatch(id, { name: "Nothing" }, 400, "validation_failed");
    expect(problem.errors?.[0]?.path).toBe("id");
  });
});

test("types are listed by code, page by page", async () => {
  const codes: string[] = [];
  let query = "?limit=3";
  for (let next: string | null = ""; next !== null; ) {
    const response = await app.request(`/api/machine-types${query}`, send(operator));
    expect(response.status).toBe(200);
    const page = MachineTypeListOutput.strict().parse(await response.json());
    codes.push(...page.machine_types.map((type) => type.code));
    next = page.next_cursor;
    expect(response.headers.get("link") === null).toBe(next === null);
    query = `?limit=3&cursor=${next}`;
  }
  const rows = await queryAll<{ code: string }>("SELECT code FROM machine_types ORDER BY code");
  expect(codes).toEqual(rows.map((row) => row.code));
  await expectRefusal(app, "/api/machine-types?cursor=WzFd", send(operator), 400, "invalid_cursor");
});
