import { beforeAll, describe, expect, test } from "vitest";
import { MachineListOutput } from "../../src/machines/schemas.ts";
import { execute, type Person, person, send, startApp } from "../helpers.ts";
import { expectRefusal } from "../problems.ts";
import { addMachine, deleteMachine } from "./api.ts";

const app = startApp();
let operator: Person;

beforeAll(async () => {
  operator = await person("operator");
  const supervisor = await person("supervisor");
  const add = (fields: Record<string, unknown>) => addMachine(app, supervisor, fields);
  await add({ name: "Haas VF-2", model: "VF-2", serial_number: "HAAS-1142087" });
  await add({ name: "Haas VF-4", model: "VF-4", serial_number: "HAAS_2000", status: "maintenance" });
  await add({ name: "Électrobroche Müller", machine_type: "LAT", status: "out_of_service" });
  await add({ name: "Studer S33", machine_type: "GRD", serial_number: "100%" });
  await add({ name: "Old Haas", machine_type: "LAT" }).then(({ id }) => deleteMachine(app, supervisor, id));
});

async function list(query: string) {
  const response = await app.request(`/api/machines${query}`, send(operator));
  expect(response.status).toBe(200);
  return { link: response.headers.get("link"), ...MachineListOutput.parse(await response.json()) };
}
const names = async (query: string) => (await list(query)).machines.map(({ name }) => name);

test.each([
  ["", ["Haas VF-2", "Haas VF-4", "Électrobroche Müller", "Studer S33"]],
  ["?status=operational", ["Haas VF-2", "Studer S33"]],
  ["?status=out_of_service", ["Électrobroche Müller"]],
  ["?machine_type=CNC", ["Haas VF-2", "Haas VF-4"]],
  ["?machine_type=LAT", ["Électrobroche Müller"]],
  ["?machine_type=NONE", []],
  ["?status=maintenance&machine_type=CNC&q=haas", ["Haas VF-4"]],
  ["?status=maintenance&machine_type=LAT", []],
])("filters: %s", async (query, expected) => {
  expect(await names(query)).toEqual(expected);
});

describe("q", () => {
  test.each([
    ["haas", ["Haas VF-2", "Haas VF-4"]],
    ["HA", ["Haas VF-2", "Haas VF-4"]],
    ["aas", []],
    ["vf 2", ["Haas VF-2", "Haas VF-4"]],
    ["haas 114", ["Haas VF-2"]],
    ["HAAS-1142087", ["Haas VF-2"]],
    ["electro", ["Électrobroche Müller"]],
    ["ÉLECTROBROCHE muller", ["Électrobroche Müller"]],
    ["haas studer", []],
    // A blank field of a form asks for nothing.
    ["", ["Haas VF-2", "Haas VF-4", "Électrobroche Müller", "Studer S33"]],
    ["   ", ["Haas VF-2", "Haas VF-4", "Électrobroche Müller", "Studer S33"]],
    // What LIKE, GLOB, FTS and SQL would take for more than it is.
    ["%", []],
    ["_", []],
    ["*", []],
    ["h_as", []],
    ["h%s", []],
    ['"haas" OR studer', []],
    ["' OR 1=1 --", []],
    ["100%", ["Studer S33"]],
  ])("%j", async (q, expected) => {
    expect(await names(`?q=${encodeURIComponent(q)}`)).toEqual(expected);
  });

  test("looks at as many words as fit into it", async () => {
    const many = Array.from({ length: 33 }, (_, index) => index.toString(36)).join(" ");
    expect(await names(`?q=${encodeURIComponent(many)}`)).toEqual([]);
  });
});

test("pages through a filtered list, and the Link header keeps the filters", async () => {
  const first = await list("?q=haas&limit=1");
  expect(first.machines.map(({ name }) => name)).toEqual(["Haas VF-2"]);
  const next = /^<https:\/\/shop\.example\/api\/machines(\?[^>]+)>; rel="next"$/.exec(first.link ?? "")?.[1] ?? "";
  expect(new URLSearchParams(next).get("q")).toBe("haas");
  const second = await list(next);
  expect(second.machines.map(({ name }) => name)).toEqual(["Haas VF-4"]);
  expect([second.next_cursor, second.link]).toEqual([null, null]);
});

test.each([
  ["?status=broken", "validation_failed"],
  ["?status=", "validation_failed"],
  ["?status=operational,maintenance", "validation_failed"],
  ["?machine_type=cnc", "validation_failed"],
  ["?machine_type=CNC'--", "validation_failed"],
  ["?limit=0", "validation_failed"],
  ["?limit=101", "validation_failed"],
  [`?q=${"a".repeat(101)}`, "validation_failed"],
  ["?q=%00", "validation_failed"],
  ["?cursor=nonsense", "invalid_cursor"],
  [`?cursor=${Buffer.from('["machines",["1 OR 1=1"]]').toString("base64url")}`, "invalid_cursor"],
] as const)("refuses %s", async (query, code) => {
  await expectRefusal(app, `/api/machines${query}`, send(operator), 400, code);
});

test("a machine from before there was a search text is listed, and found once it has one", async () => {
  await execute("UPDATE machines SET search_text = '' WHERE name = 'Studer S33'");
  expect(await names("?machine_type=GRD")).toEqual(["Studer S33"]);
  expect(await names("?q=studer")).toEqual([]);
});

test("a list that is as it was need not be sent again", async () => {
  const get = (tag: string) =>
    app.request("/api/machines?limit=2", send(operator, undefined, { "if-none-match": tag }));
  const first = await get('"none"');
  const tag = first.headers.get("etag") ?? "";
  const second = await get(tag);
  expect([first.status, second.status, await second.text()]).toEqual([200, 304, ""]);
  expect([second.headers.get("etag"), second.headers.get("link")]).toEqual([tag, first.headers.get("link")]);
  await execute("UPDATE machines SET location = 'Hall 2' WHERE id = 1");
  expect((await get(tag)).status).toBe(200);
});
