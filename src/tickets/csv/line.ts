import type { z } from "zod";
import type { Actor } from "../../actor.ts";
import { optionalText, text } from "../../http/schemas.ts";
import type { FieldError } from "../../problem.ts";
import { monthCode } from "../../time/month.ts";
import { parseInstant } from "../../time/parse.ts";
import { STATUSES } from "../../vocabulary/statuses.ts";
import type { NewTicket } from "../insert.ts";
import { forbiddenField } from "../rights.ts";
import type { Ticket } from "../schemas.ts";
import { flagOf, priorityOf, statusOf } from "./columns.ts";
import type { Known, KnownMachine } from "./known.ts";
import { type KeptNumber, parseNumber } from "./number-format.ts";
import type { CsvLine } from "./parse.ts";
import { unguarded } from "./text.ts";

/** A line that can be written. */
export interface ImportTicket extends NewTicket {
  line: number;
  /** The number that it brings along, or null: it gets the next one of `code` and `month`. */
  ticket_id: string | null;
  code: string;
  /** MMYY; null when no counter of ours counts this number. */
  month: string | null;
  /** The counted part of the number that it brings along, else 0. */
  number: number;
  machine_type_id: number;
}

/** What a line means: the number that it claims, if any, and either a ticket or what is wrong with it. */
export interface ReadLine {
  line: number;
  kept: KeptNumber | null;
  ticket: ImportTicket | null;
  errors: FieldError[];
}

/** What lines are read against. */
export interface Frame {
  known: Known;
  timeZone: string;
  /** The instant of the import, RFC 3339. */
  now: string;
  /** Who imports; their name stands where a line names no reporter. */
  importer: Actor;
}

const titleSchema = text(3, 200);
const descriptionSchema = optionalText(5000);
const reporterSchema = optionalText(100);

/** Whether somebody still has to work on it. */
export const isOpen = (status: Ticket["status"]): boolean => STATUSES[status].open;

/** Reads one line. Never throws: what is wrong with it goes into its report. */
export function readLine({ line, fields, broken }: CsvLine, frame: Frame): ReadLine {
  const errors: FieldError[] = [];
  const fail = (path: string, message: string) => void errors.push({ path, message });
  if (broken) return { line, kept: null, ticket: null, errors: [{ path: "", message: broken }] };

  const textField = <S extends z.ZodType>(path: "title" | "description" | "reporter_name", schema: S) => {
    const value = fields[path];
    const result = schema.safeParse(value === undefined ? undefined : unguarded(value));
    if (result.success) return result.data;
    fail(path, value === undefined ? "is required" : (result.error.issues[0]?.message ?? "is invalid"));
    return null;
  };
  const oneOf = <T>(
    path: "status" | "priority" | "is_machine_down",
    find: (value: string) => T | undefined,
    none: T,
  ) => {
    const value = fields[path];
    const found = value === undefined ? none : find(value);
    if (found === undefined) fail(path, "is none of the known values");
    return found ?? none;
  };
  const instant = (path: "created_at" | "completed_at" | "scheduled_date") => {
    const value = fields[path];
    const found = value === undefined ? null : parseInstant(value, frame.timeZone);
    if (value !== undefined && found === null)
      fail(path, "must be a date of the years 2000 to 2099, such as 2026-11-20 or 2026-11-20 15:04");
    return found;
  };

  const kept = fields.ticket_id === undefined ? null : parseNumber(fields.ticket_id);
  if (fields.ticket_id !== undefined && !kept)
    fail("ticket_id", "must be a number such as CNC-1126-0001 or CNC-2026-0001");
  const title = textField("title", titleSchema);
  const description = textField("description", descriptionSchema);
  const reporter = textField("reporter_name", reporterSchema);
  const status = oneOf<Ticket["status"]>("status", statusOf, "received");
  const priority = oneOf<Ticket["priority"]>("priority", priorityOf, "medium");
  const is_machine_down = oneOf("is_machine_down", flagOf, false);
  const scheduled_date = instant("scheduled_date");
  const created = instant("created_at");
  const completed = instant("completed_at");
  const completed_at = status === "completed" ? (completed ?? created) : completed;
  checkTimes();
  const machine = machineOf(fields, frame.known, isOpen(status), fail);
  const assigned_to = assigneeOf(fields.assigned_to, frame.known, isOpen(status), fail);

  const forbidden = forbiddenField(frame.importer, { ...fields, assigned_to }, null);
  if (forbidden) fail(forbidden, "may not be set by you");

  if (errors.length > 0 || !machine || title === null) return { line, kept, ticket: null, errors };
  const created_at = created ?? frame.now;
  const ticket = {
    line,
    ticket_id: kept?.ticket_id ?? null,
    code: kept?.code ?? machine.code,
    month: kept ? kept.month : monthCode(new Date(created_at), frame.timeZone),
    number: kept?.number ?? 0,
    title,
    description,
    machine_id: machine.id,
    machine_type_id: machine.machine_type_id,
    status,
    priority,
    reporter_name: reporter ?? frame.importer.name,
    assigned_to,
    customer_id: null,
    is_machine_down,
    scheduled_date,
    reported_at: created_at,
    created_at,
    completed_at,
  };
  return { line, kept, ticket, errors };

  function checkTimes(): void {
    if (created && created > frame.now) fail("created_at", "lies in the future");
    if (completed && completed > frame.now) fail("completed_at", "lies in the future");
    if (completed && STATUSES[status].completedAt === "clear") {
      fail("completed_at", "belongs to completed and archived tickets only");
    } else if (completed && fields.created_at === undefined) {
      fail("created_at", "is needed where completed_at is given");
    } else if (completed && created && completed < created) {
      fail("completed_at", "lies before created_at");
    } else if (status === "completed" && !completed_at && fields.completed_at === undefined) {
      // The day of the import is not the day of the repair: nothing is made up.
      fail("completed_at", "is needed for a completed ticket, or else created_at");
    }
  }
}

type Fail = (path: string, message: string) => void;

function machineOf(fields: CsvLine["fields"], known: Known, open: boolean, fail: Fail): KnownMachine | null {
  const name = fields.machine?.trim().normalize("NFC");
  const idText = fields.machine_id?.trim();
  const named = name === undefined ? [] : (known.machinesByName.get(unguarded(name)) ?? []);
  const byId = idText !== undefined && /^[0-9]{1,15}$/.test(idText) ? known.machineById.get(Number(idText)) : undefined;
  const refuse = (path: string, message: string) => {
    fail(path, message);
    return null;
  };
  if (name === undefined && idText === undefined) return refuse("machine", "is required");
  if (idText !== undefined && !byId) return refuse("machine_id", "names no machine");
  if (name !== undefined && named.length === 0) return refuse("machine", "names no machine");
  if (byId && name !== undefined && !named.includes(byId)) return refuse("machine", "is not the machine of machine_id");
  if (!byId && named.length > 1)
    return refuse("machine", "names several machines: give the serial number or machine_id");
  const machine = byId ?? named[0] ?? null;
  if (machine?.retired && open) return refuse("machine", "is retired and cannot have an open ticket");
  return machine;
}

function assigneeOf(value: string | undefined, known: Known, open: boolean, fail: Fail): number | null {
  if (value === undefined) return null;
  const key = value.trim().toLowerCase();
  const user = /^[0-9]{1,15}$/.test(key) ? known.userById.get(Number(key)) : known.userByEmail.get(key);
  if (user && (user.assignable || !open)) return user.id;
  fail("assigned_to", user ? "cannot be given an open ticket" : "names no user");
  return null;
}
