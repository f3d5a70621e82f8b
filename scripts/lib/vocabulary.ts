import type { DatabaseSync } from "node:sqlite";
import { CHANNELS } from "../../src/vocabulary/channels.ts";
import { CONTACT_DIRECTIONS, CONTACT_KINDS, HISTORY_CHANNELS } from "../../src/vocabulary/contacts.ts";
import {
  DELIVERY_STATUSES,
  DISABLED_REASONS,
  PAUSE_REASONS,
  PUSH_LOG_STATUSES,
} from "../../src/vocabulary/deliveries.ts";
import { EMAIL_STATUSES, OPENED_BY, TEMPLATES } from "../../src/vocabulary/emails.ts";
import { LOCALES } from "../../src/vocabulary/locales.ts";
import { MACHINE_STATUSES, SET_STATUSES, STATUS_CAUSES } from "../../src/vocabulary/machines.ts";
import { TICKET_PRIORITIES } from "../../src/vocabulary/priorities.ts";
import { ROLES } from "../../src/vocabulary/roles.ts";
import { OPEN_STATUSES, STATUSES, TICKET_STATUSES, type TicketStatus } from "../../src/vocabulary/statuses.ts";
import { TIMELINE_ACTIONS } from "../../src/vocabulary/timeline.ts";

/** What the schema repeats of the vocabularies, and how it is brought in line with them. */

interface Repeated {
  table: string;
  /** The name of a CHECK, or of a generated column. */
  rule: string;
  /** Where the words come from. */
  vocabulary: string;
  /** SQL of the CHECK or of the column. */
  expression: string;
}

const list = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(", ");

/** One list of words and the columns that hold one of them each. */
const columns = (vocabulary: string, words: readonly string[], ...names: `${string}.${string}`[]): Repeated[] =>
  names.map((name) => {
    const [table = "", column] = name.split(".");
    return { table, rule: `${table}_${column}`, vocabulary, expression: `${column} IN (${list(words)})` };
  });

/** What `completed_at` must be for each status, most of which share one answer. */
const COMPLETED_AT = { set: "completed_at IS NOT NULL", keep: "1", clear: "completed_at IS NULL" };
const completion = (kept: readonly TicketStatus[]): string =>
  `CASE status ${kept.map((status) => `WHEN '${status}' THEN ${COMPLETED_AT[STATUSES[status].completedAt]}`).join(" ")} ELSE ${COMPLETED_AT.clear} END`;
const rank = TICKET_PRIORITIES.map((priority, place) => `WHEN '${priority}' THEN ${place}`).slice(1);

/** Every CHECK and every generated column that is made of words of src/vocabulary. */
export const REPEATED: Repeated[] = [
  ...columns("statuses", TICKET_STATUSES, "tickets.status"),
  {
    table: "tickets",
    rule: "is_open",
    vocabulary: "statuses",
    expression: `status IN (${list(OPEN_STATUSES)}) AND deleted_at IS NULL`,
  },
  {
    table: "tickets",
    rule: "tickets_completion",
    vocabulary: "statuses",
    expression: completion(TICKET_STATUSES.filter((status) => STATUSES[status].completedAt !== "clear")),
  },
  ...columns("priorities", TICKET_PRIORITIES, "tickets.priority"),
  {
    table: "tickets",
    rule: "priority_rank",
    vocabulary: "priorities",
    expression: `CASE priority ${rank.reverse().join(" ")} ELSE 0 END`,
  },
  ...columns("roles", ROLES, "users.role"),
  ...columns("locales", LOCALES, "users.language", "customers.language", "email_history.language"),
  ...columns("timeline", TIMELINE_ACTIONS, "ticket_timeline.action"),
  ...columns("channels", CHANNELS, "deliveries.channel", "channel_pauses.channel"),
  ...columns("deliveries", DELIVERY_STATUSES, "deliveries.status"),
  ...columns("deliveries", PAUSE_REASONS, "channel_pauses.reason"),
  ...columns("deliveries", DISABLED_REASONS, "webhook_endpoints.disabled_reason"),
  ...columns("deliveries", PUSH_LOG_STATUSES, "push_logs.status"),
  ...columns("machines", MACHINE_STATUSES, "machines.status"),
  ...columns("machines", SET_STATUSES, "machines.set_status"),
  ...columns("machines", STATUS_CAUSES, "machine_timeline.cause"),
  ...columns("contacts", CONTACT_KINDS, "contact_methods.kind", "contact_preferences.preferred_channel"),
  ...columns("contacts", HISTORY_CHANNELS, "contact_history.channel"),
  ...columns("contacts", CONTACT_DIRECTIONS, "contact_history.direction"),
  ...columns("emails", TEMPLATES, "email_messages.template"),
  ...columns("emails", EMAIL_STATUSES, "email_history.status"),
  ...columns("emails", OPENED_BY, "email_history.opened_by"),
];

/** From where the text in brackets begins to the bracket that closes it. */
function bracketed(text: string, from: number): number {
  for (let at = from, depth = 1; at < text.length; at++) {
    if (text[at] === "(") depth++;
    if (text[at] === ")" && --depth === 0) return at;
  }
  throw new Error(`a bracket is not closed: ${text.slice(from, from + 60)}`);
}

/** A definition in which one rule reads as the vocabulary has it. */
function withRule(definition: string, { table, rule, expression }: Repeated): string {
  const head = new RegExp(`\\bCONSTRAINT ${rule} CHECK \\(|^\\s*${rule}\\s+\\w+\\s+GENERATED ALWAYS AS \\(`, "m").exec(
    definition,
  );
  if (!head) throw new Error(`${table} has neither a CHECK nor a generated column ${rule}`);
  const from = head.index + head[0].length;
  const until = bracketed(definition, from);
  const isSame = definition.slice(from, until).replace(/\s+/g, " ").trim() === expression;
  return isSame ? definition : definition.slice(0, from) + expression + definition.slice(until);
}

/** A table's definition with every rule as src/vocabulary has it. */
export const inLine = (table: string, definition: string): string =>
  REPEATED.filter((repeated) => repeated.table === table).reduce(withRule, definition);

/** The CREATE TABLE statement of each table. */
export const definitionsOf = (db: DatabaseSync): Map<string, string> =>
  new Map(
    db
      .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all()
      .map(({ name, sql }) => [`${name}`, `${sql}`]),
  );

/** The rules of a database that do not say what src/vocabulary says. */
export function differences(db: DatabaseSync): Repeated[] {
  const definitions = definitionsOf(db);
  return REPEATED.filter((repeated) => {
    const definition = definitions.get(repeated.table) ?? "";
    return withRule(definition, repeated) !== definition;
  });
}
