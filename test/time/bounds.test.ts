import { beforeAll, describe, expect, test } from "vitest";
import { machine, type Person, person, rowCounts, send, startApp } from "../helpers.ts";
import { postCsv, reported } from "../tickets/csv.ts";

// One rule for every instant that the API takes: after its offset it lies within 2000-2099.

const WITHIN = [
  "2000-01-01T00:00:00Z",
  "1999-12-31T19:00:00-05:00",
  "2099-12-31T23:59:59.999Z",
  "2100-01-01T01:59:59+02:00",
];
const OUTSIDE = [
  "1999-12-31T23:59:59.999Z",
  "2000-01-01T00:00:00+00:01",
  "2100-01-01T00:00:00Z",
  "2099-12-31T23:59:59-00:01",
  "9999-12-31T23:59:59Z",
  "9999-12-31T23:59:59-23:59",
  "0000-01-01T00:00:00+23:59",
  "1000-01-01T00:00:00Z",
];

const app = startApp({ now: () => new Date("2026-11-20T15:00:00.000Z") });
let supervisor: Person;
let machine_id: number;
let ticket: { id: number };

const create = (fields: object) =>
  app.request("/api/tickets", send(supervisor, { title: "Spindle vibrates", machine_id, ...fields }));

const get = (path: string, parameter: string, value: string) =>
  app.request(`${path}?${new URLSearchParams({ [parameter]: value })}`, send(supervisor));

beforeAll(async () => {
  supervisor = await person("supervisor");
  machine_id = await machine();
  ({ ticket } = (await (await create({})).json()) as { ticket: { id: number } });
});

const INPUTS: Record<string, (value: string) => Promise<Response> | Response> = {
  "scheduled_date of POST": (scheduled_date) => create({ scheduled_date }),
  "scheduled_date of PATCH": (scheduled_date) =>
    app.request(`/api/tickets/${ticket.id}`, send(supervisor, { scheduled_date }, {}, "PATCH")),
  "updated_after of the list": (value) => get("/api/tickets", "updated_after", value),
  "updated_after of the export": (value) => get("/api/tickets.csv", "updated_after", value),
  "to of the figures": (value) => get("/api/stats", "to", value),
};

describe.each(Object.keys(INPUTS))("%s", (name) => {
  const sent = async (value: string) => {
    const response = await INPUTS[name]?.(value);
    return { status: response?.status, body: await response?.text() };
  };

  test.each(WITHIN)("takes %s", async (value) => {
    expect((await sent(value)).status).toBeLessThan(300);
  });

  test.each(OUTSIDE)("refuses %s and writes nothing", async (value) => {
    const before = await rowCounts();
    const { status, body } = await sent(value);
    expect({ status, body }).toEqual({ status: 400, body: expect.stringContaining("2000-01-01") });
    expect(await rowCounts()).toEqual(before);
  });
});

test("reported_at and from know the rule too, beside bounds of their own", async () => {
  for (const value of OUTSIDE) {
    expect((await create({ reported_at: value })).status).toBe(400);
    expect((await get("/api/stats", "from", value)).status).toBe(400);
  }
});

test("a scheduled date is stored in UTC, so that it sorts as it should", async () => {
  const response = await create({ scheduled_date: "2099-12-31T18:59:59.999-05:00" });
  const created = (await response.json()) as { ticket: { scheduled_date: string } };
  expect(created.ticket.scheduled_date).toBe("2099-12-31T23:59:59.999Z");
});

test("a CSV file is held to it in its own format, and in the shop's zone", async () => {
  const line = (date: string) => `A title,CNC machine,${date}`;
  const dates = ["1999-12-31 18:59:59", "1999-12-31 19:00", "2099-12-31 18:59", "2099-12-31 19:00", "9999-12-31"];
  const file = ["title,machine,scheduled_date", ...dates.map(line)].join("\n");
  const report = await reported(await postCsv(app, supervisor, file, { query: "?dry_run=true" }));
  expect(report.lines.map(({ status }) => status)).toEqual(["failed", "imported", "imported", "failed", "failed"]);
});

test("the OpenAPI document says it wherever an instant is taken", async () => {
  type Schema = { format?: string; pattern?: string; not?: { pattern?: string }; [member: string]: unknown };
  type Operation = { parameters?: { name: string; schema: Schema }[] };
  const document = (await (await app.request("/api/openapi.json")).json()) as {
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, { properties?: Record<string, Schema> }> };
  };
  const parameters = Object.values(document.paths)
    .flatMap((operations) => Object.values(operations))
    .flatMap(({ parameters }) => parameters ?? []);
  const bodies = Object.entries(document.components.schemas)
    .filter(([name]) => name.endsWith("Input"))
    .flatMap(([, { properties }]) => Object.entries(properties ?? {}).map(([name, schema]) => ({ name, schema })));
  const instants = [...parameters, ...bodies].filter(({ schema }) => schema.format === "date-time");
  expect(new Set(instants.map(({ name }) => name))).toEqual(
    new Set(["from", "to", "updated_after", "scheduled_date", "reported_at", "occurred_at", "client-time"]),
  );
  for (const { name, schema } of instants) {
    const admits = (value: string) =>
      new RegExp(schema.pattern ?? "").test(value) && !new RegExp(schema.not?.pattern ?? "").test(value);
    // No pattern can reckon with offsets, so it leaves out what is near the bounds and has one.
    expect(WITHIN.filter(admits), name).toEqual(WITHIN.filter((value) => value.endsWith("Z")));
    expect(OUTSIDE.filter(admits), name).toEqual([]);
    expect(admits("2026-11-20T10:04:05.123456-05:00"), name).toBe(true);
  }
});
