import { beforeAll, expect, test } from "vitest";
import { at, machine, type Person, person, rowCounts, send, startApp } from "../helpers.ts";
import { brief, lastNumber, postCsv, reported } from "./csv.ts";

const app = startApp(at("2026-11-20T15:04:05.123Z"));
let supervisor: Person;

beforeAll(async () => {
  supervisor = await person("supervisor");
});

/** A file of tickets with these numbers, on a machine of this type. */
const file = (code: string, numbers: number[]) =>
  `ticket_id;title;machine\n${numbers.map((n) => `${code}-1126-${String(n).padStart(4, "0")};Moved in;${code} machine`).join("\n")}\n`;
const post = async (body: string, query = "") => reported(await postCsv(app, supervisor, body, { query }));

async function created(code: string, machine_id: number): Promise<string> {
  const response = await app.request("/api/tickets", send(supervisor, { title: "Next", machine_id }));
  const { ticket } = (await response.json()) as { ticket: { ticket_id: string } };
  expect(ticket.ticket_id).toContain(code);
  return ticket.ticket_id;
}

test("a number far above every known one is refused, and bends no counter", async () => {
  const machine_id = await machine("PSN");
  await created("PSN", machine_id);
  const before = await rowCounts();
  for (const query of ["?dry_run=true", ""]) {
    const report = await post(file("PSN", [9_999_999]), query);
    expect(brief(report)).toEqual(["2 failed PSN-1126-9999999 ticket_id"]);
    expect(report.lines[0]?.errors[0]?.message).toContain("allow_gaps=true");
  }
  expect(await rowCounts()).toEqual(before);
  expect(await created("PSN", machine_id)).toBe("PSN-1126-0002");
});

test("it is taken when the request says so", async () => {
  const machine_id = await machine("YES");
  expect(brief(await post(file("YES", [5000]), "?allow_gaps=true&dry_run=true"))).toEqual(["2 imported YES-1126-5000"]);
  expect(brief(await post(file("YES", [5000]), "?allow_gaps=true"))).toEqual(["2 imported YES-1126-5000"]);
  expect(await created("YES", machine_id)).toBe("YES-1126-5001");
});

test("1,000 above is the most, counted from what the shop and the file know, in any order", async () => {
  await machine("EDG");
  expect(brief(await post(file("EDG", [1001, 1000])))).toEqual([
    "2 imported EDG-1126-1001",
    "3 imported EDG-1126-1000",
  ]);
  expect(brief(await post(file("EDG", [4002, 3001, 2001])))).toEqual([
    "2 failed EDG-1126-4002 ticket_id",
    "3 imported EDG-1126-3001",
    "4 imported EDG-1126-2001",
  ]);
  expect(await lastNumber("EDG", "1126")).toBe(3001);
});

test("a whole history is no gap, however it is sorted; another month or type has its own", async () => {
  await machine("ALL");
  const numbers = Array.from({ length: 1500 }, (_, index) => 1500 - index);
  expect((await post(file("ALL", numbers))).imported).toBe(1500);
  const other = file("ALL", [2400]).replace("-1126-", "-1026-");
  expect((await post(other)).failed).toBe(1);
});

test("two imports at once of the same far number leave the counter where it was", async () => {
  await machine("TWO");
  const reports = await Promise.all([post(file("TWO", [1, 3000])), post(file("TWO", [2, 3000]))]);
  expect(reports.map(({ imported, failed }) => ({ imported, failed }))).toEqual([
    { imported: 1, failed: 1 },
    { imported: 1, failed: 1 },
  ]);
  expect(await lastNumber("TWO", "1126")).toBe(2);
});
