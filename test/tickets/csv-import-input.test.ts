import { beforeAll, describe, expect, test } from "vitest";
import { machine, type Person, person, queryAll, rowCounts, send, startApp } from "../helpers.ts";
import { brief, expectCode, lastNumber, postCsv, reported } from "./csv.ts";

const app = startApp({ now: () => new Date("2026-11-20T15:00:00.000Z") });
const MEBIBYTE = 1024 * 1024;
let supervisor: Person;

beforeAll(async () => {
  supervisor = await person("supervisor");
  await machine("CNC", "Haas VF-2");
});

test.each([
  ["x", "title"],
  ["x".repeat(201), "title"],
  ["   ", "title"],
  ["a\u0000bcd", "title"],
])("title %j is reported", async (title) => {
  const report = await reported(await postCsv(app, supervisor, `title,machine\n${title},Haas VF-2`, DRY));
  expect(report.lines[0]?.errors[0]?.path).toBe("title");
});

const DRY = { query: "?dry_run=true" };
const COLUMNS =
  "title,machine,status,priority,created_at,completed_at,scheduled_date,is_machine_down,ticket_id,reporter_name";

test.each([
  ["status", "A title,Haas VF-2,opened,,,,,,,"],
  ["priority", "A title,Haas VF-2,,urgent,,,,,,"],
  ["created_at", "A title,Haas VF-2,,,20/11/2026,,,,,"],
  ["created_at", "A title,Haas VF-2,,,2026-11-21,,,,,"],
  ["completed_at", "A title,Haas VF-2,completed,,2026-11-01,soon,,,,"],
  ["completed_at", "A title,Haas VF-2,completed,,,,,,,"],
  ["completed_at", "A title,Haas VF-2,completed,,2026-11-02,2026-11-01,,,,"],
  ["completed_at", "A title,Haas VF-2,completed,,2026-11-02,2026-11-21,,,,"],
  ["completed_at", "A title,Haas VF-2,received,,2026-11-02,2026-11-03,,,,"],
  ["created_at", "A title,Haas VF-2,completed,,,2026-11-03,,,,"],
  ["scheduled_date", "A title,Haas VF-2,,,,,2026-02-30,,,"],
  ["is_machine_down", "A title,Haas VF-2,,,,,,maybe,,"],
  ["ticket_id", "A title,Haas VF-2,,,,,,,CNC-26-1,"],
  ["ticket_id", "A title,Haas VF-2,,,,,,,CNC-1326-0001,"],
  ["reporter_name", `A title,Haas VF-2,,,,,,,,${"x".repeat(101)}`],
  ["", "A title,Haas VF-2,,,,,,,,,too,many"],
  ["", '"A title,Haas VF-2,,,,,,,,'],
])("a bad %j is reported with its place, and loses no good line", async (path, line) => {
  const text = `${COLUMNS}\nFirst,Haas VF-2,,,,,,,,\n${line}\nThird,Haas VF-2,,,,,,,,\n`;
  const report = await reported(await postCsv(app, supervisor, text, DRY));
  expect(report.lines.map(({ line, status }) => [line, status])).toEqual([
    [2, "imported"],
    [3, "failed"],
    [4, "imported"],
  ]);
  expect(report.lines[1]?.errors.map((error) => error.path)).toEqual([path]);
  expect(report.lines[1]?.errors[0]?.message).toMatch(/\S/);
});

test("a completed ticket without completed_at was completed when it was created, if that is known", async () => {
  const text = "title,machine,status,created_at\nA title,Haas VF-2,completed,2024-01-02T03:04:05Z";
  const report = await reported(await postCsv(app, supervisor, text));
  const [row] = await queryAll("SELECT completed_at FROM tickets WHERE ticket_id = ?", report.lines[0]?.ticket_id);
  expect(row).toEqual({ completed_at: "2024-01-02T03:04:05.000Z" });
});

test("several faults of a line are all named", async () => {
  const report = await reported(await postCsv(app, supervisor, "title,machine,status\nx,nothing,opened", DRY));
  expect(brief(report)).toEqual(["2 failed - title status machine"]);
});

test("a field of 5 MB fails on its line, quoted or not, and the others are imported", async () => {
  const huge = "x".repeat(5_000_000);
  const text = `title,machine,description\nBefore,Haas VF-2,\nHuge,Haas VF-2,"${huge}"\n${huge},Haas VF-2,\nAfter,Haas VF-2,`;
  const report = await reported(await postCsv(app, supervisor, text));
  expect(report.lines.map(({ line, status, errors }) => [line, status, errors[0]?.path])).toEqual([
    [2, "imported", undefined],
    [3, "failed", ""],
    [4, "failed", ""],
    [5, "imported", undefined],
  ]);
});

test("10,000 lines are imported with all that belongs to them; 10,001 are refused", { timeout: 120_000 }, async () => {
  const codes = ["LATHE", "MILL"];
  for (const code of codes) await machine(code, `The ${code}`);
  const line = (index: number) => {
    const code = codes[index % 2];
    const kept = index % 4 < 2 ? `${code}-0525-${String(index + 1).padStart(4, "0")}` : "";
    return `${kept};"Line ${index}; it says ""stop""";The ${code};2025-05-10 08:00;${"Some words of a report. ".repeat(8)}`;
  };
  const header = "numero;titre;machine;cree_le;description\r\n";
  const lines = Array.from({ length: 10_001 }, (_, index) => line(index));
  const before = await rowCounts();
  const refusal = await postCsv(app, supervisor, header + lines.join("\r\n"));
  expect((await expectCode(refusal, 422, "too_many_lines")).detail).toContain("10000");
  expect(await rowCounts()).toEqual(before);

  const text = header + lines.slice(0, 10_000).join("\r\n");
  const dry = await reported(await postCsv(app, supervisor, text, DRY));
  expect(await rowCounts()).toEqual(before);
  const report = await reported(await postCsv(app, supervisor, text));
  expect(report).toMatchObject({ total: 10_000, imported: 10_000, skipped: 0, failed: 0 });
  expect({ ...report, dry_run: true }).toEqual(dry);
  const after = await rowCounts();
  expect(after.tickets).toBe((before.tickets ?? 0) + 10_000);
  expect(after.ticket_timeline).toBe((before.ticket_timeline ?? 0) + 10_000);
  expect(after.deliveries).toBe(before.deliveries);
  const [{ unlike } = { unlike: -1 }] = await queryAll<{ unlike: number }>(
    `SELECT COUNT(*) AS unlike FROM tickets t WHERE t.ticket_id GLOB '*-0525-*' AND (
       (SELECT COUNT(*) FROM ticket_timeline e WHERE e.ticket_id = t.id) <> 1
       OR instr(t.search_text || ' ', ' ' || substr(t.title, 6, instr(t.title, ';') - 6) || ' ') = 0)`,
  );
  expect(unlike).toBe(0);
  for (const code of codes) {
    const [row] = await queryAll<{ n: number; highest: number }>(
      `SELECT COUNT(*) AS n, MAX(CAST(substr(ticket_id, ?) AS INTEGER)) AS highest FROM tickets WHERE ticket_id GLOB ?`,
      code.length + 7,
      `${code}-0525-*`,
    );
    expect(row?.n).toBe(5000);
    expect(await lastNumber(code, "0525")).toBe(row?.highest);
  }
});

describe("refused as a whole, with nothing written", () => {
  test.each([
    ["an empty body", "", 422, "empty_file"],
    ["no column for the title", "machine\nHaas VF-2", 422, "invalid_csv"],
    ["no column for the machine", "title\nSomething", 422, "invalid_csv"],
    ["a column twice", "title,titre,machine\na,b,c", 422, "invalid_csv"],
    ["bytes that are not UTF-8", Uint8Array.from([0x74, 0xff, 0xfe]), 422, "invalid_csv"],
  ] as const)("%s", async (_, body, status, code) => {
    const before = await rowCounts();
    await expectCode(await postCsv(app, supervisor, body as BodyInit), status, code);
    expect(await rowCounts()).toEqual(before);
  });

  test("12 MiB and a byte, with and without content-length", async () => {
    const body = new Uint8Array(12 * MEBIBYTE + 1).fill(0x61);
    body.set(new TextEncoder().encode("title,machine\n"));
    await expectCode(await postCsv(app, supervisor, body), 413, "payload_too_large");
    await expectCode(await postCsv(app, supervisor, new Blob([body]).stream()), 413, "payload_too_large");
  });

  test.each(["application/json", "multipart/form-data; boundary=x", "text/plain", "text/csvx"])(
    "as %s",
    async (type) => {
      await expectCode(await postCsv(app, supervisor, "title,machine\n", { type }), 415, "unsupported_media_type");
    },
  );

  test("dry_run=maybe", async () => {
    const response = await postCsv(app, supervisor, "title,machine\n", { query: "?dry_run=maybe" });
    await expectCode(response, 400, "validation_failed");
  });

  test("by those who may not", async () => {
    const text = "title,machine\nA title,Haas VF-2";
    await expectCode(await postCsv(app, null, text), 401, "unauthorized");
    for (const role of ["operator", "technician"] as const) {
      await expectCode(await postCsv(app, await person(role), text), 403, "forbidden");
    }
  });
});

test("a header alone is an empty report", async () => {
  expect(await reported(await postCsv(app, supervisor, "title,machine\r\n"))).toEqual({
    dry_run: false,
    total: 0,
    imported: 0,
    skipped: 0,
    failed: 0,
    errors_omitted: 0,
    lines: [],
  });
});

test("hostile text stays text", async () => {
  const title = `Robert'); DROP TABLE tickets;-- <img src=x onerror=alert(1)>`;
  const report = await reported(await postCsv(app, supervisor, `title,machine\n"${title}",Haas VF-2`));
  const response = await app.request(`/api/tickets/${report.lines[0]?.ticket_id}`, send(supervisor));
  expect(((await response.json()) as { ticket: { title: string } }).ticket.title).toBe(title);
});
