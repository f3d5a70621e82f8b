import { beforeAll, expect, test } from "vitest";
import guide from "../../docs/import.md?raw";
import { words } from "../../src/search/words.ts";
import { IMPORT_COLUMNS } from "../../src/tickets/csv/columns.ts";
import { execute, machine, type Person, person, queryAll, rowCounts, send, startApp } from "../helpers.ts";
import { brief, lastNumber, postCsv, reported } from "./csv.ts";

const NOW = "2026-11-20T15:00:00.000Z";
const app = startApp({ now: () => new Date(NOW) });
let supervisor: Person;
let technician: Person;
let machines = 0;

beforeAll(async () => {
  supervisor = await person("supervisor", "Samuel Superviseur");
  technician = await person("technician", "Tara Technician");
});

/** A machine of a type that no other test uses. */
async function freshMachine() {
  const code = `Z${String.fromCharCode(65 + machines++)}`;
  return { code, machineId: await machine(code), name: `${code} machine` };
}

const importFile = async (text: string, query = "") => reported(await postCsv(app, supervisor, text, { query }));

const createOne = async (machine_id: number) => {
  const response = await app.request("/api/tickets", send(supervisor, { title: "After the import", machine_id }));
  return ((await response.json()) as { ticket: { ticket_id: string } }).ticket.ticket_id;
};

test("a line becomes a ticket with its history, its timeline entry and its words, and nobody is told", async () => {
  const { code, machineId, name } = await freshMachine();
  await execute(
    `INSERT INTO webhook_endpoints (url, events, secret, created_at, updated_at)
     VALUES ('https://hooks.example/', '["ticket.created","ticket.assigned"]', 'whsec_x', '${NOW}', '${NOW}')`,
  );
  const before = await rowCounts();
  const report = await importFile(
    "ticket_id,title,description,machine,priority,status,created_at,completed_at,reporter_name,assigned_to,scheduled_date\n" +
      `${code}-0324-0007,  Électrobroche bruyante ,"ligne 1\nligne 2",${name},HIGH,completed,2024-03-05 08:00,2024-03-06T10:00:00Z,Paul,${technician.email.toUpperCase()},2024-03-07\n`,
  );
  expect(report).toEqual({
    dry_run: false,
    total: 1,
    imported: 1,
    skipped: 0,
    failed: 0,
    errors_omitted: 0,
    lines: [{ line: 2, status: "imported", ticket_id: `${code}-0324-0007`, errors: [] }],
  });
  const [ticket] = await queryAll<{ id: number }>("SELECT * FROM tickets WHERE ticket_id = ?", `${code}-0324-0007`);
  expect(ticket).toMatchObject({
    title: "Électrobroche bruyante",
    description: "ligne 1\nligne 2",
    machine_id: machineId,
    machine_type_id: (await queryAll<{ id: number }>("SELECT id FROM machine_types WHERE code = ?", code))[0]?.id,
    priority: "high",
    status: "completed",
    created_at: "2024-03-05T13:00:00.000Z",
    reported_at: "2024-03-05T13:00:00.000Z",
    completed_at: "2024-03-06T10:00:00.000Z",
    updated_at: NOW,
    reported_by: supervisor.id,
    reporter_name: "Paul",
    assigned_to: technician.id,
    scheduled_date: "2024-03-07T05:00:00.000Z",
    version: 1,
    deleted_at: null,
  });
  expect(
    await queryAll(
      "SELECT user_id, user_name, action, old_value, new_value, comment, created_at FROM ticket_timeline WHERE ticket_id = ?",
      ticket?.id,
    ),
  ).toEqual([
    {
      user_id: supervisor.id,
      user_name: "Samuel Superviseur",
      action: "created",
      old_value: null,
      new_value: "completed",
      comment: "imported",
      created_at: NOW,
    },
  ]);
  const [row] = await queryAll<{ search_text: string }>("SELECT search_text FROM tickets WHERE id = ?", ticket?.id);
  expect(row?.search_text.trim().split(" ").sort()).toEqual(
    words("Électrobroche bruyante", "ligne 1\nligne 2", `${code}-0324-0007`).sort(),
  );
  const after = await rowCounts();
  expect([after.deliveries, after.tickets]).toEqual([before.deliveries, (before.tickets ?? 0) + 1]);
  expect(await queryAll("SELECT status FROM machines WHERE id = ?", machineId)).toEqual([{ status: "operational" }]);
});

test("French words, semicolons, CRLF and a byte order mark mean the same", async () => {
  const { code, name } = await freshMachine();
  const report = await importFile(
    "\uFEFFNuméro;Titre;Machine;Priorité;État;Créé le;Terminé le;Machine arrêtée\r\n" +
      `;Première;${name};Haute;Terminé;2025-01-02;2025-01-03;non\r\n` +
      `;Deuxième;${name};critique;En cours;2025-01-02;;oui\r\n` +
      `;Troisième;${name};;En attente de pièces;2025-01-02;;faux\r\n`,
  );
  expect(brief(report)).toEqual([1, 2, 3].map((n) => `${n + 1} imported ${code}-0125-000${n}`));
  expect(
    await queryAll(
      "SELECT title, priority, status, is_machine_down FROM tickets WHERE ticket_id GLOB ? ORDER BY id",
      `${code}-*`,
    ),
  ).toEqual([
    { title: "Première", priority: "high", status: "completed", is_machine_down: 0 },
    { title: "Deuxième", priority: "critical", status: "in_progress", is_machine_down: 1 },
    { title: "Troisième", priority: "medium", status: "waiting_parts", is_machine_down: 0 },
  ]);
});

test("numbers are kept, given and skipped, and the next creation goes on without a collision", async () => {
  const { code, name, machineId } = await freshMachine();
  await createOne(machineId);
  const text = [
    "ticket_id,title,machine_id,created_at",
    `${code}-1126-0001,Exists already,${machineId},`,
    `,First without number,${machineId},2026-11-02`,
    `${code}-1126-0120,Kept,${machineId},2026-11-03`,
    `${code}-1126-0120,Twice in the file,${machineId},2026-11-03`,
    `${code}-2019-0003,By year,${machineId},2019-05-01`,
    `${code}-1025-10000,Five digits,${machineId},2025-10-01`,
    `,In Toronto it is still October,${machineId},2026-11-01T03:59:00Z`,
    `,Second without number,${machineId},2026-11-02`,
    `QQ-1126-0009,A type that is no more,${machineId},`,
  ].join("\n");
  const expected = [
    `2 skipped ${code}-1126-0001 ticket_id`,
    `3 imported ${code}-1126-0121`,
    `4 imported ${code}-1126-0120`,
    `5 skipped ${code}-1126-0120 ticket_id`,
    `6 imported ${code}-2019-0003`,
    `7 imported ${code}-1025-10000`,
    `8 imported ${code}-1026-0001`,
    `9 imported ${code}-1126-0122`,
    "10 imported QQ-1126-0009",
  ];
  const before = await rowCounts();
  const dry = await importFile(text, "?dry_run=true&allow_gaps=true");
  expect(await rowCounts()).toEqual(before);
  expect(await lastNumber(code, "1126")).toBe(1);
  const report = await importFile(text, "?dry_run=false&allow_gaps=true");
  expect(brief(report)).toEqual(expected);
  expect({ ...report, dry_run: true }).toEqual(dry);
  expect(report).toMatchObject({ total: 9, imported: 7, skipped: 2, failed: 0 });
  expect([await lastNumber(code, "1126"), await lastNumber(code, "1025"), await lastNumber("QQ", "1126")]).toEqual([
    122, 10000, 9,
  ]);
  const patient = startApp({
    now: () => new Date(NOW),
    sleep: async () => {
      throw new Error("a collision");
    },
  });
  const response = await patient.request("/api/tickets", send(supervisor, { title: "Next", machine_id: machineId }));
  expect(await response.json()).toMatchObject({ ticket: { ticket_id: `${code}-1126-0123`, machine_name: name } });
  // A second run finds the kept numbers, and only those.
  expect(await importFile(text)).toMatchObject({ imported: 3, skipped: 6 });
});

test("a counter that rows written by hand have passed is brought up first", async () => {
  const { code, machineId } = await freshMachine();
  await createOne(machineId);
  await execute(`UPDATE tickets SET ticket_id = '${code}-1126-0044' WHERE ticket_id = '${code}-1126-0001'`);
  const text = `title,machine_id\nOne,${machineId}\nTwo and more,${machineId}`;
  const dry = brief(await importFile(text, "?dry_run=true"));
  expect(dry).toEqual([`2 imported ${code}-1126-0045`, `3 imported ${code}-1126-0046`]);
  expect(brief(await importFile(text))).toEqual(dry);
  expect(await createOne(machineId)).toBe(`${code}-1126-0047`);
});

test("an open ticket with a machine that is down stops it; a closed one does not; nobody is told later either", async () => {
  const down = await freshMachine();
  const repaired = await freshMachine();
  await importFile(
    "title,machine,status,priority,created_at,scheduled_date,is_machine_down\n" +
      `Still down,${down.name},in_progress,critical,2026-10-01,2026-10-02,1\n` +
      `Later,${down.name},received,low,2026-10-01,2027-01-01,0\n` +
      `Repaired,${repaired.name},completed,critical,2026-10-01,2026-10-02,yes\n`,
  );
  expect(
    await queryAll("SELECT status FROM machines WHERE id IN (?, ?) ORDER BY id", down.machineId, repaired.machineId),
  ).toEqual([{ status: "out_of_service" }, { status: "operational" }]);
  expect(
    await queryAll(
      "SELECT overdue_notified_for IS scheduled_date AS overdue, escalated_at FROM tickets WHERE machine_id = ? ORDER BY id",
      down.machineId,
    ),
  ).toEqual([
    { overdue: 1, escalated_at: NOW },
    { overdue: 0, escalated_at: null },
  ]);
});

test("machines by name, serial number or id; people by address or id; history names retired and departed ones", async () => {
  const one = await freshMachine();
  const twin = await machine(one.code, one.name);
  const retired = await freshMachine();
  await execute(
    `UPDATE machines SET serial_number = 'SN-${one.code}' WHERE id = ${twin}`,
    `UPDATE machines SET retired_at = '${NOW}' WHERE id = ${retired.machineId}`,
  );
  const departed = await person("technician");
  await execute(`UPDATE users SET active = 0 WHERE id = ${departed.id}`);
  const report = await importFile(
    [
      "title,machine,machine_id,assigned_to,status,created_at",
      `By serial,SN-${one.code},,${technician.id},,`,
      `By id,,${one.machineId},${technician.email},,`,
      `Both agree,${one.name},${one.machineId},,,`,
      `Both differ,${retired.name},${one.machineId},,,`,
      `Two of that name,${one.name},,,,`,
      `Unknown,No such machine,,,,`,
      `Unknown id,,999999,,,`,
      `No machine,,,,,`,
      `Retired and open,${retired.name},,,received,2025-01-01`,
      `Retired and closed,${retired.name},,,cancelled,2025-01-01`,
      `Departed and open,SN-${one.code},,${departed.id},received,2025-01-01`,
      `Departed and closed,SN-${one.code},,${departed.email},archived,2025-01-01`,
      `Nobody,SN-${one.code},,nobody@shop.example,,`,
    ].join("\n"),
  );
  const results = report.lines.map(({ line, status, errors }) => [line, status, errors.map(({ path }) => path).join()]);
  expect(results).toEqual([
    [2, "imported", ""],
    [3, "imported", ""],
    [4, "imported", ""],
    [5, "failed", "machine"],
    [6, "failed", "machine"],
    [7, "failed", "machine"],
    [8, "failed", "machine_id"],
    [9, "failed", "machine"],
    [10, "failed", "machine"],
    [11, "imported", ""],
    [12, "failed", "assigned_to"],
    [13, "imported", ""],
    [14, "failed", "assigned_to"],
  ]);
});

test("what was exported comes back as it was", async () => {
  const { code, machineId } = await freshMachine();
  const titles = ["=1+1", "'quoted", 'say "hi"; then, stop', "-5 V at the sensor"];
  for (const title of titles) {
    await app.request("/api/tickets", send(supervisor, { title, machine_id: machineId, description: "@home\n+1" }));
  }
  const all = await (await app.request("/api/tickets.csv", send(supervisor))).text();
  const own = all
    .split("\r\n")
    .filter((line, index) => index === 0 || line.includes(`${code}-`))
    .join("\r\n")
    .replaceAll(`${code}-1126-`, `${code}-1125-`);
  expect(await importFile(own)).toMatchObject({ imported: titles.length, failed: 0 });
  const rows =
    "SELECT title, description, priority, status, created_at FROM tickets WHERE ticket_id GLOB ? ORDER BY ticket_id";
  expect(await queryAll(rows, `${code}-1125-*`)).toEqual(await queryAll(rows, `${code}-1126-*`));
});

test("the example of docs/import.md does what the page says, and the page names every column", async () => {
  await machine("HAA", "Haas VF-2");
  await machine("PRE", "Presse 30 t");
  await person("technician", "Marc");
  await execute("UPDATE users SET email = 'marc@shop.example' WHERE name = 'Marc'");
  const blocks = [...guide.matchAll(/```(\w+)\n([\s\S]*?)```/g)];
  const csv = blocks.find(([, kind]) => kind === "csv")?.[2] ?? "";
  const json = blocks.find(([, kind]) => kind === "json")?.[2] ?? "{}";
  expect(await importFile(csv, "?dry_run=true")).toEqual(JSON.parse(json));
  for (const column of IMPORT_COLUMNS) expect(guide).toContain(`\`${column}\``);
});
