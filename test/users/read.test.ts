import { beforeAll, describe, expect, test } from "vitest";
import { AssignableListOutput, UserListOutput } from "../../src/users/schemas.ts";
import { execute, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectRefusal } from "../problems.ts";
import { shownUser } from "./api.ts";

const app = startApp();
let admin: Person;
let supervisor: Person;
let technician: Person;
let operator: Person;
let inactive: Person;

beforeAll(async () => {
  admin = await person("admin", "Anna Admin");
  supervisor = await person("supervisor", "Samuel Superviseur");
  technician = await person("technician", "Elodie Tremblay");
  operator = await person("operator", "Olivier Operateur");
  inactive = await person("technician", "Former Technician");
  await execute(
    `UPDATE users SET name = 'Élodie TREMBLAY-Müñoz' WHERE id = ${technician.id}`,
    `UPDATE users SET name = 'Olivier 100%' WHERE id = ${operator.id}`,
    `UPDATE users SET active = 0 WHERE id = ${inactive.id}`,
  );
});

async function list(query: string) {
  const response = await app.request(`/api/users${query}`, send(admin));
  expect(response.status).toBe(200);
  const { users, next_cursor } = UserListOutput.parse(await response.json());
  return { ids: users.map(({ id }) => id), users, next_cursor, link: response.headers.get("link") };
}

test("lists everybody by id, without what signs them in", async () => {
  const response = await app.request("/api/users", send(admin));
  const body = await response.text();
  expect((await list("")).ids).toEqual([admin, supervisor, technician, operator, inactive].map(({ id }) => id));
  const secrets = await queryAll<{ secret: string }>(
    "SELECT password AS secret FROM accounts UNION SELECT token FROM sessions",
  );
  for (const { secret } of secrets) expect(body).not.toContain(secret);
});

test("filters by role and by whether they are active", async () => {
  expect((await list("?role=technician")).ids).toEqual([technician.id, inactive.id]);
  expect((await list("?active=false")).ids).toEqual([inactive.id]);
  expect((await list("?active=true&role=technician")).ids).toEqual([technician.id]);
  expect((await list("?active=false&role=admin")).ids).toEqual([]);
});

describe("q", () => {
  test.each([
    ["anna", "Anna"],
    ["ELODIE", "Élodie"],
    ["élodie", "Élodie"],
    ["ÉLODIE munoz", "Élodie"],
    ["blay", "Élodie"],
    ["tremblay elodie", "Élodie"],
    ["anna.admin@shop", "Anna"],
    ["100%", "Olivier"],
    ["%", "Olivier"],
  ])("%j finds %s", async (q, name) => {
    const { users } = await list(`?q=${encodeURIComponent(q)}`);
    expect(users.map((user) => user.name.split(" ")[0])).toEqual([name]);
  });

  test.each(["_", "*", "a%a", "anna samuel", "' OR 1=1 --", '")]}', "\\"])("%j finds nobody", async (q) => {
    expect((await list(`?q=${encodeURIComponent(q)}`)).ids).toEqual([]);
  });

  test("blank asks for nothing", async () => {
    expect((await list("?q=%20%20")).ids).toHaveLength(5);
  });
});

test("pages, and the Link header keeps the filters", async () => {
  const seen: number[] = [];
  for (let query: string | undefined = "?active=true&limit=1"; query; ) {
    const { ids, link } = await list(query);
    seen.push(...ids);
    query = /^<https:\/\/shop\.example\/api\/users(\?[^>]+)>; rel="next"$/.exec(link ?? "")?.[1];
  }
  expect(seen).toEqual([admin, supervisor, technician, operator].map(({ id }) => id));
});

test.each([
  ["?role=root", "validation_failed"],
  ["?role=", "validation_failed"],
  ["?active=1", "validation_failed"],
  ["?active=TRUE", "validation_failed"],
  ["?limit=0", "validation_failed"],
  ["?q=%00", "validation_failed"],
  [`?q=${"a".repeat(101)}`, "validation_failed"],
  ["?cursor=x", "invalid_cursor"],
] as const)("refuses %s", async (query, code) => {
  await expectRefusal(app, `/api/users${query}`, send(admin), 400, code);
});

test("shows one user", async () => {
  const user = await shownUser(await app.request(`/api/users/${inactive.id}`, send(admin)));
  expect(user).toMatchObject({ id: inactive.id, email: inactive.email, role: "technician", active: false });
});

test("an unknown user is not found, and an id is a number", async () => {
  await expectRefusal(app, "/api/users/99999", send(admin), 404, "user_not_found");
  for (const id of ["0", "-1", "me", "1.5"]) {
    await expectRefusal(app, `/api/users/${id}`, send(admin), 400, "validation_failed");
  }
});

test("only an administrator reads users", async () => {
  for (const path of ["/api/users", `/api/users/${operator.id}`]) {
    for (const reader of [operator, technician, supervisor]) {
      await expectRefusal(app, path, send(reader), 403, "forbidden");
    }
    await expectRefusal(app, path, send(null), 401, "unauthorized");
  }
});

describe("assignable", () => {
  const assignable = async (reader: Person) => {
    const response = await app.request("/api/users/assignable", send(reader));
    expect(response.status).toBe(200);
    return AssignableListOutput.parse(await response.json());
  };

  test("everybody signed in sees who may be given a ticket: active, technician or above, by name", async () => {
    const users = [
      { id: admin.id, name: "Anna Admin", role: "admin" },
      { id: supervisor.id, name: "Samuel Superviseur", role: "supervisor" },
      { id: technician.id, name: "Élodie TREMBLAY-Müñoz", role: "technician" },
    ];
    for (const reader of [operator, technician, supervisor, admin]) {
      const response = await app.request("/api/users/assignable", send(reader));
      expect(await response.json()).toEqual({ users, next_cursor: null });
    }
    await expectRefusal(app, "/api/users/assignable", send(null), 401, "unauthorized");
  });

  test("a list that is as it was need not be sent again", async () => {
    const get = (tag: string) =>
      app.request("/api/users/assignable", send(operator, undefined, { "if-none-match": tag }));
    const tag = (await get('"none"')).headers.get("etag") ?? "";
    const again = await get(tag);
    expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", tag]);
    await execute(`UPDATE users SET role = 'supervisor' WHERE id = ${technician.id}`);
    expect((await get(tag)).status).toBe(200);
    await execute(`UPDATE users SET role = 'technician' WHERE id = ${technician.id}`);
  });

  test("shows at most 500", async () => {
    await execute(
      `INSERT INTO users (name, email, role, created_at, updated_at)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 510)
       SELECT 'Many ' || i, 'many' || i || '@shop.example', 'technician', '', '' FROM n`,
    );
    expect((await assignable(operator)).users).toHaveLength(500);
    await execute("DELETE FROM users WHERE name LIKE 'Many %'");
  });
});
