import Papa from "papaparse";
import { z } from "zod";
import { boundedInstant } from "../../src/time/bounds.ts";

// Brings the rows of an old synchronisation queue into the outbox: one clean job per customer.

/** A row as it comes out of an export. Anything may be missing or wrong. */
export type OldRow = Record<string, unknown>;

const STATUSES = ["pending", "processing", "completed", "failed"] as const;
type Status = (typeof STATUSES)[number];

/** A job for the table `deliveries`. */
export interface ImportedJob {
  customer_id: number;
  status: "pending" | "completed" | "failed";
  last_error: string | null;
  created_at: string;
  updated_at: string;
}

export interface ImportReport {
  read: number;
  /** Jobs by the status they begin with here. */
  jobs: Record<ImportedJob["status"], number>;
  /** Rows that a newer one of the same customer has made superfluous. */
  duplicates: number;
  /** Rows that waited or were being processed for more than an hour: they are sent. */
  stuck: number;
  /** Rows that name no job, by their place in the file, the first being 1. */
  invalid: { row: number; id: string | null; reason: string }[];
}

export interface ImportPlan {
  jobs: ImportedJob[];
  report: ImportReport;
}

export interface ImportOptions {
  now: Date;
  /** Ids of the customers here. */
  customers: ReadonlySet<number>;
  /** What old ids are called here, where they were numbered otherwise. */
  ids?: Readonly<Record<string, number>>;
}

const STUCK_MS = 60 * 60_000;
const SUBJECT_COLUMNS = ["customer_id", "space_id"];
const ERROR_CHARACTERS = 500;
/** Jobs in one statement: below the 100 KB that D1 takes, even if every character needs six in JSON. */
const JOBS_PER_STATEMENT = 15;

/**
 * Reads an export: a JSON array of objects, or CSV with a header.
 *
 * @throws Error when it is neither.
 */
export function readRows(file: string): OldRow[] {
  const text = file.replace(/^\uFEFF/, "");
  if (/^\s*\[/.test(text)) return z.array(z.record(z.string(), z.unknown())).parse(JSON.parse(text));
  const { data, errors } = Papa.parse<OldRow>(text, { header: true, skipEmptyLines: "greedy" });
  const [error] = errors;
  if (error) throw new Error(`row ${(error.row ?? 0) + 1}: ${error.message}`);
  return data;
}

/** A value as text; blank, null and the word NULL are none. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined || typeof value === "object") return null;
  const text = String(value).trim();
  return text === "" || /^null$/i.test(text) ? null : text;
}

/** PostgreSQL's `2026-11-20 15:04:05.123+00` and RFC 3339, as UTC with milliseconds. */
function instantOf(value: unknown): string | null {
  const text = textOf(value)
    ?.replace(" ", "T")
    .replace(/([+-]\d\d)$/, "$1:00");
  if (!text || !/^\d{4}-\d\d-\d\dT/.test(text)) return null;
  return boundedInstant(Date.parse(/([zZ]|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`));
}

/** The beginning of what the old queue said, never half a character. */
function errorOf(raw: OldRow): string | null {
  const text = textOf(raw.error ?? raw.last_error)?.slice(0, ERROR_CHARACTERS);
  return text?.replace(/[\uD800-\uDBFF]$/, "").toWellFormed() ?? null;
}

interface ReadRow {
  row: number;
  customerId: number;
  status: Status;
  error: string | null;
  createdAt: string;
  updatedAt: string;
}

/** @returns why the row names no job, or what it says. */
function readRow(raw: OldRow, row: number, { customers, ids }: ImportOptions): ReadRow | string {
  const subject = SUBJECT_COLUMNS.map((column) => textOf(raw[column])).find((value) => value !== null);
  if (!subject) return "no customer";
  if (textOf(raw.event_type) === null) return "no event type";
  const status = textOf(raw.status);
  if (status === null) return "no status";
  const known = STATUSES.find((candidate) => candidate === status.toLowerCase());
  if (!known) return `unknown status: ${status.slice(0, 40)}`;
  const createdAt = instantOf(raw.created_at);
  if (!createdAt) return "no time of creation";
  const customerId = ids?.[subject] ?? (/^[1-9]\d{0,14}$/.test(subject) ? Number(subject) : null);
  if (customerId === null || !customers.has(customerId)) return `no such customer: ${subject.slice(0, 40)}`;
  const updatedAt = instantOf(raw.updated_at) ?? createdAt;
  return { row, customerId, status: known, error: errorOf(raw), createdAt, updatedAt };
}

/** Of several rows about one customer the newest counts; of those of one instant, the later one in the file. */
const isNewer = (a: ReadRow, b: ReadRow): boolean =>
  a.createdAt === b.createdAt ? a.row > b.row : a.createdAt > b.createdAt;

/**
 * Decides what becomes of each row: the newest of each customer becomes a job, whatever was waiting or stuck is sent, and
 * what names no job is reported.
 */
export function planImport(rows: OldRow[], options: ImportOptions): ImportPlan {
  const newest = new Map<number, ReadRow>();
  const report: ImportReport = {
    read: rows.length,
    jobs: { pending: 0, completed: 0, failed: 0 },
    duplicates: 0,
    stuck: 0,
    invalid: [],
  };
  for (const [index, raw] of rows.entries()) {
    const read = readRow(raw, index + 1, options);
    if (typeof read === "string") {
      report.invalid.push({ row: index + 1, id: textOf(raw.id), reason: read });
      continue;
    }
    const other = newest.get(read.customerId);
    if (other) report.duplicates++;
    if (!other || isNewer(read, other)) newest.set(read.customerId, read);
  }
  const stuckBefore = options.now.getTime() - STUCK_MS;
  const jobs = [...newest.values()].map((read): ImportedJob => {
    const isOpen = read.status === "pending" || read.status === "processing";
    if (isOpen && Date.parse(read.updatedAt) < stuckBefore) report.stuck++;
    const status = isOpen ? "pending" : (read.status as "completed" | "failed");
    report.jobs[status]++;
    return {
      customer_id: read.customerId,
      status,
      last_error: status === "failed" ? (read.error ?? "failed in the old queue") : null,
      created_at: read.createdAt,
      updated_at: read.updatedAt,
    };
  });
  return { jobs, report };
}

/** A text as an SQL expression without a character that anything on its way to the database could take for SQL. */
const literal = (text: string): string => `CAST(X'${Buffer.from(text).toString("hex")}' AS TEXT)`;

/**
 * SQL that puts the jobs into the outbox. It may be repeated: a job that is there is only sent again when the old queue
 * asked for it later than it was last touched here.
 */
export function importSql(jobs: ImportedJob[], now: Date): string[] {
  const at = literal(now.toISOString());
  const statements: string[] = [];
  for (let start = 0; start < jobs.length; start += JOBS_PER_STATEMENT) {
    const part = literal(JSON.stringify(jobs.slice(start, start + JOBS_PER_STATEMENT)));
    statements.push(
      `INSERT INTO deliveries (channel, target, subject, event_type, payload, status, next_attempt_at, completed_at,
                               last_error, created_at, updated_at)
       SELECT 'stripe', 'stripe:customers', 'customer:' || c.id, 'customer.sync', json_object('customer_id', c.id),
              j.value ->> 'status', iif(j.value ->> 'status' = 'pending', ${at}, NULL),
              iif(j.value ->> 'status' = 'completed', j.value ->> 'updated_at', NULL),
              j.value ->> 'last_error', j.value ->> 'created_at', j.value ->> 'updated_at'
       FROM json_each(${part}) j JOIN customers c ON c.id = j.value ->> 'customer_id'
       WHERE true
       ON CONFLICT (channel, target, subject, event_type) DO UPDATE SET
         generation = generation + 1, status = 'pending', attempts = 0, next_attempt_at = ${at}, completed_at = NULL,
         last_error = NULL, updated_at = excluded.updated_at
       WHERE deliveries.status <> 'processing' AND excluded.status = 'pending'
         AND deliveries.updated_at < excluded.updated_at`,
    );
  }
  return statements;
}
