import Papa from "papaparse";
import { beforeAll, expect, test } from "vitest";
import { exportFileName, exportTickets, type FetchPage } from "../../src/tickets/csv/export.ts";
import { guarded } from "../../src/tickets/csv/text.ts";
import { Ticket } from "../../src/tickets/schemas.ts";
import { machine, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectCode } from "./csv.ts";

const app = startApp({ now: () => new Date("2026-12-01T03:00:00.000Z") });
let supervisor: Person;
let machineId: number;

beforeAll(async () => {
  supervisor = await person("supervisor", "Samuel Superviseur");
  machineId = await machine("CNC");
});

async function create(body: Record<string, unknown>): Promise<Ticket> {
  const response = await app.request("/api/tickets", send(supervisor, { machine_id: machineId, ...body }));
  expect(response.status).toBe(201);
  return ((await response.json()) as { ticket: Ticket }).ticket;
}

const TITLES = [
  "Broche qui vibre, à 8 000 tr/min",
  '=HYPERLINK("https://evil.example";"click")',
  "+1234",
  "-1+1",
  "@SUM(A1:A9)",
  "  =1+1",
  "＝1+1",
  "a;=1+1",
  'a; "=cmd|calc',
  "'=1+1",
  'says "stop"; then stops',
  "<script>alert(1)</script>",
  "'quoted",
];

test("every ticket with every field, newest first, fit for Excel, free of formulas", async () => {
  const tickets: Ticket[] = [];
  for (const title of TITLES) tickets.push(await create({ title, description: "line one\nline two" }));
  const response = await app.request("/api/tickets.csv", send(supervisor));
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  // The shop's own date: it is still November there.
  expect(response.headers.get("content-disposition")).toBe(
    `attachment; filename="tickets-2026-11-30.csv"; filename*=UTF-8''tickets-2026-11-30.csv`,
  );
  expect(response.headers.get("cache-control")).toBe("no-store");
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect([...bytes.slice(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
  const text = new TextDecoder().decode(bytes);
  expect(text.endsWith("\r\n")).toBe(true);
  expect(text.replaceAll("line one\nline two", "").replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);

  const { data, errors } = Papa.parse<string[]>(text, { newline: "\r\n", skipEmptyLines: true });
  expect(errors).toEqual([]);
  const [header = [], ...rows] = data;
  expect(header).toEqual(Object.keys(Ticket.shape));
  expect(rows).toHaveLength(TITLES.length);
  for (const [index, row] of rows.entries()) {
    const ticket = tickets.at(-1 - index) as Ticket;
    for (const [column, name] of header.entries()) {
      const value = String(ticket[name as keyof Ticket] ?? "");
      expect(row[column]).toBe(guarded(value));
      for (const piece of (row[column] ?? "").split(/[;\t\r\n]/)) expect(piece).not.toMatch(/^[\s"]*[=+\-@|%＝]/);
    }
  }
});

test("deleted tickets stay away", async () => {
  const { id } = await create({ title: "To be deleted" });
  await queryAll("UPDATE tickets SET deleted_at = created_at WHERE id = ?", id);
  expect(await (await app.request("/api/tickets.csv", send(supervisor))).text()).not.toContain("To be deleted");
});

test("only for those who may", async () => {
  await expectCode(await app.request("/api/tickets.csv"), 401, "unauthorized");
  for (const role of ["operator", "technician"] as const) {
    await expectCode(await app.request("/api/tickets.csv", send(await person(role))), 403, "forbidden");
  }
  const response = await app.request("/api/tickets.csv", send(supervisor, {}));
  expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  await expectCode(response, 405, "method_not_allowed");
});

/** Pages that are made as they are asked for; counts how many were. */
function pages(count: number, size: number, failAt = Number.POSITIVE_INFINITY) {
  const sample = Object.fromEntries(Object.keys(Ticket.shape).map((name) => [name, "x"])) as unknown as Ticket;
  let fetched = 0;
  const fetchPage: FetchPage = async (cursor) => {
    const page = Number(cursor ?? 0);
    if (page >= failAt) throw new Error("lost");
    fetched++;
    const tickets = Array.from({ length: size }, (_, index) => ({ ...sample, id: page * size + index + 1 }));
    return { tickets, next_cursor: page + 1 < count ? String(page + 1) : null };
  };
  return { fetchPage, fetched: () => fetched };
}

test("100,000 tickets come page by page, and no page before the reader asks", async () => {
  const { fetchPage, fetched } = pages(100, 1000);
  const reader = (await exportTickets(fetchPage)).getReader();
  expect(fetched()).toBe(1);
  let rows = -1;
  let chunks = 0;
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    chunks++;
    expect(fetched()).toBeLessThanOrEqual(chunks + 1);
    rows += new TextDecoder().decode(value).split("\r\n").length - 1;
  }
  expect({ rows, chunks, fetched: fetched() }).toEqual({ rows: 100_000, chunks: 100, fetched: 100 });
});

test("a failure on the way breaks the transfer off instead of ending it", async () => {
  await expect(new Response(await exportTickets(pages(3, 10, 2).fetchPage)).text()).rejects.toThrow("lost");
  await expect(exportTickets(pages(3, 10, 0).fetchPage)).rejects.toThrow("lost");
});

test("no tickets: the header alone", async () => {
  const text = await new Response(await exportTickets(async () => ({ tickets: [], next_cursor: null }))).text();
  expect(text).toBe(`${Object.keys(Ticket.shape).join(",")}\r\n`);
});

test("the date of the name is the shop's", () => {
  const now = new Date("2026-01-01T00:30:00.000Z");
  expect(exportFileName(now, "Europe/Paris")).toBe("tickets-2026-01-01.csv");
  expect(exportFileName(now, "America/Toronto")).toBe("tickets-2025-12-31.csv");
});
