import { beforeAll, expect, test } from "vitest";
import { rebuildMigration } from "../../scripts/lib/rebuild.ts";
import { databaseAfter, readMigrations } from "../../scripts/lib/schema.ts";
import { type Edits, errorsAfter } from "./edited-source.ts";

// The recipes of CONTRIBUTING.md, carried out on copies: the first half with something left out, to see that the type
// checker asks for it, the second as a whole.
const before = (mark: string, addition: string) => (text: string) => text.replace(mark, `${addition}${mark}`);

const CHECKED = [
  "src/vocabulary/statuses.ts",
  "src/vocabulary/channels.ts",
  "src/vocabulary/events.ts",
  "src/problem-codes/shop.ts",
  "src/tickets/stated-instants.ts",
  "src/tickets/fields.ts",
  "src/tickets/insert.ts",
  "src/tickets/schemas.ts",
  "src/tickets/projection.ts",
  "src/tickets/create.ts",
  "src/tickets/csv/line.ts",
  "src/channels.ts",
];

const status = (next: string) =>
  before(
    "  completed: {\n",
    `  parked: { open: true, completedAt: "clear", next: ["${next}"], words: { en: "Parked", fr: "Mis de côté" } },\n`,
  );
const channel = before("  stripe: {\n", "  pager: { retrySeconds: [10, 60] },\n");
const member = before(
  "    is_machine_down: z.boolean(),\n    scheduled_date: instant",
  "    shift: z.string().nullable(),\n",
);

const inputs = (text: string) =>
  text
    .replace("    reporter_name: optionalText(100)", "    shift: optionalText(20),\n$&")
    .replace("  reporter_name: text(1, 100),", "  shift: text(1, 20).nullable(),\n$&");
const field = before("  status: {", '  shift: { create: "tickets:create", change: "tickets:edit", file: [] },\n');

const LEFT_OUT: Edits = {
  "src/vocabulary/statuses.ts": status("nowhere"),
  "src/vocabulary/channels.ts": channel,
  "src/vocabulary/events.ts": before('  "ticket.overdue": {', '  "ticket.split": { en: "Split: {machine}" },\n'),
  "src/problem-codes/shop.ts": before("  too_many: problem(", '  too_odd: problem(422, ["Odd", "It is odd."]),\n'),
  "src/tickets/schemas.ts": member,
  "src/tickets/fields.ts": field,
};

const WHOLE: Edits = {
  "src/vocabulary/statuses.ts": status("in_progress"),
  "src/vocabulary/channels.ts": channel,
  "src/channels.ts": before("  stripe: stripeSender,", '  pager: { send: async () => ({ result: "delivered" }) },\n'),
  "src/vocabulary/events.ts": before(
    '  "ticket.overdue": {',
    '  "ticket.split": { en: "Split: {machine}", fr: "Divisé : {machine}" },\n',
  ),
  "src/problem-codes/shop.ts": before(
    "  too_many: problem(",
    '  too_odd: problem(422, ["Odd", "{what} is odd."], ["Étrange", "{what} est étrange."]),\n',
  ),
  "src/tickets/stated-instants.ts": (text) =>
    text
      .replace("import { notAccepted }", "import { AppError, notAccepted }")
      .replace(/throw notAccepted\(.*\);/, 'throw new AppError("too_odd", { params: { what: "It" } });'),
  // As `npm run db:schema` writes it after the migrations of the field and the status.
  "src/db/schema/tickets.ts": (text) =>
    text.replace('  | "completed"', '  | "parked"\n$&').replace("  reported_at: t.text()", "  shift: t.text(),\n$&"),
  "src/tickets/schemas.ts": (text) => inputs(member(text)),
  "src/tickets/csv/line.ts": before("    customer_id: null,\n", "    shift: null,\n"),
  "src/tickets/projection.ts": before("  reported_at: tickets.reported_at,", "  shift: tickets.shift,\n"),
  // As its neighbour.
  "src/tickets/fields.ts": (text) => text.replace(/^ {2}reported_at: (.*)$/m, "$&\n  shift: $1"),
};

let asked: Record<string, string[]>;
let done: Record<string, string[]>;
beforeAll(() => {
  asked = errorsAfter(LEFT_OUT, CHECKED);
  done = errorsAfter(WHOLE, CHECKED);
});

test.each([
  ["a status whose next is none", "src/vocabulary/statuses.ts", "nowhere"],
  ["a channel without a sender", "src/channels.ts", "does not satisfy the expected type"],
  ["an event without its second language", "src/vocabulary/events.ts", "Property 'fr' is missing"],
  ["an error code without its second language", "src/problem-codes/shop.ts", "Expected 3 arguments"],
  ["a field of a ticket without its column", "src/tickets/insert.ts", "shift"],
  ["a field of a ticket that no request can set", "src/tickets/schemas.ts", "does not satisfy the expected type"],
  ["a field of a ticket that a creation drops", "src/tickets/create.ts", "not assignable to type 'NewTicket'"],
  ["a field of a ticket that an import drops", "src/tickets/csv/line.ts", "'shift' is missing"],
  ["a member of a ticket without its column", "src/tickets/projection.ts", "does not satisfy the expected type"],
])("the type checker refuses %s", (_, file, message) => {
  expect(asked[file]?.join("\n")).toContain(message);
});

test.each(CHECKED)("followed to the end, %s compiles", (file) => {
  expect(done[file]).toEqual([]);
});

const migrations = readMigrations();
const definitionOf = (table: string) =>
  `${databaseAfter(migrations).prepare("SELECT sql FROM sqlite_master WHERE name = ?").get(table)?.sql}`;

/** The database after a generated migration that names one more word wherever `beside` stands. */
function databaseWith(word: string, beside: string, tables: string[]) {
  const rebuilds = tables.map((table) => ({
    definition: definitionOf(table).replaceAll(`'${beside}'`, `'${beside}', '${word}'`),
  }));
  return databaseAfter([...migrations, rebuildMigration(migrations, rebuilds)]);
}

test("the migration of a status lets a ticket have it", () => {
  const ticket = `
    INSERT INTO users (name, email, created_at, updated_at) VALUES ('Tara', 'tara@shop.example', '', '');
    INSERT INTO machine_types (code, name, created_at, updated_at) VALUES ('CNC', 'CNC', '', '');
    INSERT INTO machines (machine_type_id, name, qr_token, created_at, updated_at)
    VALUES (1, 'Haas', '${"q".repeat(22)}', '', '');
    INSERT INTO tickets (ticket_id, title, status, machine_id, reported_by, reporter_name, reported_at, created_at, updated_at)
    VALUES ('CNC-1126-0001', 'Leak', 'parked', 1, 1, 'Tara', '', '', '')`;
  expect(() => databaseAfter(migrations).exec(ticket)).toThrow("CHECK constraint failed");
  const db = databaseWith("parked", "waiting_parts", ["tickets"]);
  db.exec(ticket);
  expect(db.prepare("SELECT is_open FROM tickets").get()).toEqual({ is_open: 1 });
});

test("the migration of a channel lets a delivery take it", () => {
  const insert = `INSERT INTO deliveries (channel, target, subject, event_type, payload, next_attempt_at, created_at, updated_at)
    VALUES ('pager', 'user:1', 'ticket:1', 'ticket.assigned', '{}', '', '', '')`;
  expect(() => databaseAfter(migrations).exec(insert)).toThrow("CHECK constraint failed");
  expect(() => databaseWith("pager", "stripe", ["deliveries", "channel_pauses"]).exec(insert)).not.toThrow();
});
