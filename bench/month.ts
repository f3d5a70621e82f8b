import type { Costs } from "./costs.ts";

/** What is allowed for nothing in a day, what the Workers Paid plan includes in a month, and what a million more costs. */
const LIMITS = {
  requests: { freeDay: 100_000, paidMonth: 10_000_000, dollarsPerMillion: 0.3 },
  "CPU, s": { freeDay: null, paidMonth: 30_000, dollarsPerMillion: 20 },
  "rows read": { freeDay: 5_000_000, paidMonth: 25_000_000_000, dollarsPerMillion: 0.001 },
  "rows written": { freeDay: 100_000, paidMonth: 50_000_000, dollarsPerMillion: 1 },
  "queue operations": { freeDay: 10_000, paidMonth: 1_000_000, dollarsPerMillion: 0.4 },
} as const;
type Measure = keyof typeof LIMITS;
const LIMITS_BY_NAME = Object.entries(LIMITS) as [Measure, (typeof LIMITS)[Measure]][];

const PAID_PLAN_DOLLARS = 5;
const DATABASE = { freeGb: 0.5, paidGb: 5, dollarsPerGb: 0.75 };
const PHOTOS = { freeGb: 10, paidGb: 10, dollarsPerGb: 0.015 };

const WORKING_DAYS = 22;
const MINUTES_A_DAY = 24 * 60;
const DAYS = 30;
/** A queue message is written, read and deleted; one tells of all that a ticket's creation sends. */
const OPERATIONS_PER_MESSAGE = 3;
/** Creation, four moves, two comments; the consumer is an invocation, too. */
const REQUESTS_PER_LIFE = 8;
/** What a life has written for a month only – kept answers, finished deliveries – is removed, which writes again. */
const REMOVAL = 1.5;
/** Kept in the database and as a photo, for good. */
const TICKET_KB = 10;
const PHOTO_MB = 1;

/** What each person asks for on a working day: a list each half minute of two hours, and what they look up. */
const ASKED_A_DAY: Record<string, number> = {
  "list, newest": 240,
  "get a ticket": 30,
  "search, a common word": 10,
  "list machines": 10,
};
const SIGN_INS_A_MONTH = 2;

/** CPU in ms: twice and more what was measured, but of a sign-in, which is scrypt's. */
const CPU_MS = { request: 1, minute: 5, signIn: 65 };

function ofDatabase(costs: Costs, name: string, column: "rowsRead" | "rowsWritten"): number {
  const cost = costs[name];
  if (!cost) throw new Error(`bench/costs.json has no "${name}"`);
  return cost[column];
}

/** What a shop uses on a working day: each person works, and reports one ticket, which lives its whole life. */
function workingDay(costs: Costs, people: number): Record<Measure, number> {
  const asked = Object.values(ASKED_A_DAY).reduce((sum, times) => sum + times, 0);
  const requests = people * (asked + REQUESTS_PER_LIFE);
  const rows = (column: "rowsRead" | "rowsWritten") => {
    const life = ofDatabase(costs, "a whole life", column) * REMOVAL;
    const reads = Object.entries(ASKED_A_DAY).map(([name, times]) => times * ofDatabase(costs, name, column));
    return reads.reduce(
      (sum, read) => sum + people * read,
      MINUTES_A_DAY * ofDatabase(costs, "idle minute", column) + people * life,
    );
  };
  const signIns = (people * SIGN_INS_A_MONTH) / WORKING_DAYS;
  return {
    requests: requests + MINUTES_A_DAY,
    "CPU, s": (requests * CPU_MS.request + MINUTES_A_DAY * CPU_MS.minute + signIns * CPU_MS.signIn) / 1000,
    "rows read": rows("rowsRead"),
    "rows written": rows("rowsWritten"),
    "queue operations": people * OPERATIONS_PER_MESSAGE,
  };
}

/** What a shop uses and pays in a month; storage as it is after a year. */
export function month(costs: Costs, people: number) {
  const day = workingDay(costs, people);
  const idle = workingDay(costs, 0);
  const total = (measure: Measure) => day[measure] * WORKING_DAYS + idle[measure] * (DAYS - WORKING_DAYS);
  const used = Object.fromEntries(LIMITS_BY_NAME.map(([name]) => [name, total(name)])) as typeof day;
  const tickets = people * WORKING_DAYS;
  const databaseGb = (tickets * 12 * TICKET_KB) / 1_000_000;
  const photosGb = (tickets * 12 * PHOTO_MB) / 1000;
  const beyond = LIMITS_BY_NAME.reduce(
    (sum, [name, { paidMonth, dollarsPerMillion }]) =>
      sum + (Math.max(0, used[name] - paidMonth) / 1_000_000) * dollarsPerMillion,
    0,
  );
  const stored =
    Math.max(0, databaseGb - DATABASE.paidGb) * DATABASE.dollarsPerGb +
    Math.max(0, photosGb - PHOTOS.paidGb) * PHOTOS.dollarsPerGb;
  return { day, used, databaseGb, photosGb, dollars: PAID_PLAN_DOLLARS + beyond + stored };
}

const SHOPS = [10, 200];

/** Two digits, rounded up: an estimate. */
function rounded(value: number): string {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return (Math.ceil(value / unit) * unit).toLocaleString("en");
}

/** The table of docs/cost.md. */
export function monthTable(costs: Costs): string {
  const shops = SHOPS.map((people) => month(costs, people));
  const row = (name: string, values: string[]) => `| ${[name, ...values].join(" | ")} |`;
  const head = row("", [
    ...SHOPS.map((people) => `${people} people: working day / month`),
    "Free, a day",
    "Paid, a month",
  ]);
  const measures = LIMITS_BY_NAME.map(([name, { freeDay, paidMonth }]) =>
    row(name, [
      ...shops.map(({ day, used }) => `${rounded(day[name])} / ${rounded(used[name])}`),
      freeDay?.toLocaleString("en") ?? "0.01 a request",
      paidMonth.toLocaleString("en"),
    ]),
  );
  const gigabytes = (name: string, values: number[], free: number, paid: number) =>
    row(name, [...values.map((value) => value.toFixed(1)), String(free), String(paid)]);
  return [
    head,
    "|---|---|---|---|---|",
    ...measures,
    gigabytes(
      "database after a year, GB",
      shops.map(({ databaseGb }) => databaseGb),
      DATABASE.freeGb,
      DATABASE.paidGb,
    ),
    gigabytes(
      "photos after a year, GB",
      shops.map(({ photosGb }) => photosGb),
      PHOTOS.freeGb,
      PHOTOS.paidGb,
    ),
    row("**price a month on Paid**", [...shops.map(({ dollars }) => `**$${dollars.toFixed(2)}**`), "", ""]),
  ].join("\n");
}

/** The page with the table as these costs make it. */
export const withMonthTable = (page: string, costs: Costs): string =>
  page.replace(/^\| {2}\| 10 people.*?\n\n/ms, `${monthTable(costs)}\n\n`.replaceAll("$", "$$$$"));
