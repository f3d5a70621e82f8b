import { beforeAll, expect, test } from "vitest";
import { monthCode } from "../../src/time/month.ts";
import { at, bindings, execute, machine, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { createdTicket, postTicket } from "./api.ts";

let technician: Person;

beforeAll(async () => {
  technician = await person("technician");
});

const TORONTO = [
  // Months end at local midnight, five hours (winter) or four hours (summer) behind UTC.
  { instant: "2026-12-01T04:59:59.999Z", local: "30 November, 23:59:59.999", month: "1126" },
  { instant: "2026-12-01T05:00:00.000Z", local: "1 December, 00:00:00.000", month: "1226" },
  { instant: "2026-07-01T03:59:59.999Z", local: "30 June, 23:59:59.999", month: "0626" },
  { instant: "2026-07-01T04:00:00.000Z", local: "1 July, 00:00:00.000", month: "0726" },
  // The year's end.
  { instant: "2027-01-01T04:59:59.999Z", local: "31 December 2026, 23:59:59.999", month: "1226" },
  { instant: "2027-01-01T05:00:00.000Z", local: "1 January 2027, 00:00:00.000", month: "0127" },
  // Clocks go forward on 8 March: the month begins in winter time and ends in summer time.
  { instant: "2026-03-01T04:59:59.999Z", local: "28 February, 23:59:59.999", month: "0226" },
  { instant: "2026-03-01T05:00:00.000Z", local: "1 March, 00:00:00.000", month: "0326" },
  { instant: "2026-03-08T06:59:59.999Z", local: "8 March, 01:59:59.999", month: "0326" },
  { instant: "2026-03-08T07:00:00.000Z", local: "8 March, 03:00:00.000", month: "0326" },
  { instant: "2026-04-01T03:59:59.999Z", local: "31 March, 23:59:59.999", month: "0326" },
  { instant: "2026-04-01T04:00:00.000Z", local: "1 April, 00:00:00.000", month: "0426" },
  // Clocks go back on 1 November itself, two hours after the month has begun.
  { instant: "2026-11-01T03:59:59.999Z", local: "31 October, 23:59:59.999", month: "1026" },
  { instant: "2026-11-01T04:00:00.000Z", local: "1 November, 00:00:00.000", month: "1126" },
  { instant: "2026-11-01T05:30:00.000Z", local: "1 November, 01:30, the first time", month: "1126" },
  { instant: "2026-11-01T06:30:00.000Z", local: "1 November, 01:30, the second time", month: "1126" },
];

test.each(TORONTO)("in Toronto, $local belongs to $month", async ({ instant, month }) => {
  const machine_id = await machine("CNC");
  const before = await queryAll<{ last_number: number }>(
    "SELECT last_number FROM ticket_counters WHERE code = 'CNC' AND month = ?",
    month,
  );
  const expected = String((before[0]?.last_number ?? 0) + 1).padStart(4, "0");
  const ticket = await createdTicket(
    await postTicket(startApp(at(instant)), technician, { title: "Around midnight", machine_id }),
  );
  expect(ticket).toMatchObject({ ticket_id: `CNC-${month}-${expected}`, created_at: instant });
});

test.each([
  { TIME_ZONE: "UTC", instant: "2026-12-01T00:00:00.000Z", month: "1226" },
  { TIME_ZONE: "UTC", instant: "2026-11-30T23:59:59.999Z", month: "1126" },
  { TIME_ZONE: "Europe/Paris", instant: "2026-11-30T22:59:59.999Z", month: "1126" },
  { TIME_ZONE: "Europe/Paris", instant: "2026-11-30T23:00:00.000Z", month: "1226" },
  { TIME_ZONE: "Pacific/Kiritimati", instant: "2026-10-31T10:00:00.000Z", month: "1126" },
  { TIME_ZONE: "Asia/Kathmandu", instant: "2026-10-31T18:14:59.999Z", month: "1026" },
  { TIME_ZONE: "Asia/Kathmandu", instant: "2026-10-31T18:15:00.000Z", month: "1126" },
])("in $TIME_ZONE, $instant belongs to $month", async ({ TIME_ZONE, instant, month }) => {
  const machine_id = await machine("ZON");
  const app = startApp(at(instant), bindings({ TIME_ZONE }));
  const ticket = await createdTicket(await postTicket(app, technician, { title: "Elsewhere", machine_id }));
  expect(ticket.ticket_id.slice(0, 8)).toBe(`ZON-${month}`);
});

test("every day of four years falls into the month that its local date says", () => {
  const localDate = new Intl.DateTimeFormat("sv-SE", { timeZone: "America/Toronto" });
  for (let day = Date.UTC(2024, 0, 1, 2); day < Date.UTC(2028, 0, 1); day += 7 * 3_600_000) {
    const [year = "", month = ""] = localDate.format(day).split("-");
    expect(monthCode(new Date(day), "America/Toronto")).toBe(month + year.slice(2));
  }
});

test("a new month starts at 0001 and leaves the old month's count alone", async () => {
  const machine_id = await machine("MON");
  const instants = ["2026-11-30T12:00:00Z", "2026-11-30T12:00:01Z", "2026-12-01T12:00:00Z", "2026-11-30T12:00:02Z"];
  const numbers: string[] = [];
  for (const instant of instants) {
    const response = await postTicket(startApp(at(instant)), technician, { title: "Turn of the month", machine_id });
    numbers.push((await createdTicket(response)).ticket_id);
  }
  expect(numbers).toEqual(["MON-1126-0001", "MON-1126-0002", "MON-1226-0001", "MON-1126-0003"]);
});

test("reported_at does not move the number's month", async () => {
  const machine_id = await machine("REP");
  const app = startApp(at("2026-12-01T05:00:00.000Z"));
  const body = { title: "Written last month", machine_id, reported_at: "2026-11-28T12:00:00Z" };
  expect((await createdTicket(await postTicket(app, technician, body))).ticket_id).toBe("REP-1226-0001");
});

test("after 9999 comes 10000, and the list stays newest first", async () => {
  const machine_id = await machine("BIG");
  await execute("INSERT INTO ticket_counters (code, month, last_number) VALUES ('BIG', '0928', 9997)");
  const numbers: string[] = [];
  for (const second of ["00", "01", "02", "03"]) {
    const app = startApp(at(`2028-09-20T12:00:${second}.000Z`));
    numbers.push(
      (await createdTicket(await postTicket(app, technician, { title: "Busy month", machine_id }))).ticket_id,
    );
  }
  expect(numbers).toEqual(["BIG-0928-9998", "BIG-0928-9999", "BIG-0928-10000", "BIG-0928-10001"]);

  const list = await startApp().request("/api/tickets?limit=4", send(technician));
  const { tickets } = (await list.json()) as { tickets: { ticket_id: string }[] };
  expect(tickets.map((ticket) => ticket.ticket_id)).toEqual(numbers.reverse());
  for (const number of numbers) {
    const response = await startApp().request(`/api/tickets/${number}`, send(technician));
    expect(response.status).toBe(200);
  }
});

test("a retry that crosses midnight is numbered by the same instant as its created_at", async () => {
  const machine_id = await machine("MID");
  await execute(
    `INSERT INTO tickets (ticket_id, title, machine_id, reported_by, reporter_name, reported_at, created_at, updated_at)
     VALUES ('MID-1126-0001', 'By hand', ${machine_id}, ${technician.id}, 'Somebody', '', '', '')`,
  );
  let now = "2026-12-01T04:59:59.990Z";
  const sleep = async () => {
    now = "2026-12-01T05:00:00.040Z";
  };
  const app = startApp({ now: () => new Date(now), sleep });
  const ticket = await createdTicket(await postTicket(app, technician, { title: "At midnight", machine_id }));
  expect({ "2026-12-01T05:00:00.040Z": "MID-1226-0001", "2026-12-01T04:59:59.990Z": "MID-1126-0002" }).toHaveProperty(
    [ticket.created_at],
    ticket.ticket_id,
  );
});
