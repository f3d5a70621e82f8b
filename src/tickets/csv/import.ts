import type { ActorContext } from "../../context.ts";
import { CheckFailed } from "../../db/checked-database.ts";
import { isUniqueViolation } from "../../db/errors.ts";
import { type Answer, claimOnce, type IdempotencyRecord } from "../../http/idempotency.ts";
import { describeError } from "../../log.ts";
import { AppError, type FieldError } from "../../problem.ts";
import { atOneInstant } from "../../world.ts";
import { asPreview, type CounterGroup, counterGroups, groupKey, previewCounters } from "../counters.ts";
import { GAP_MAX, partGaps } from "./gaps.ts";
import { asExisting, asKnown, type Known, selectExisting, selectKnown } from "./known.ts";
import { type ImportTicket, type ReadLine, readLine } from "./line.ts";
import type { CsvLine } from "./parse.ts";
import { spellOut } from "./report.ts";
import type { ImportLine, ImportReport } from "./schemas.ts";
import { type ChunkLine, chunks, writeChunk } from "./write.ts";
import { asWritten, isLineWritten, selectWritten } from "./written.ts";

/** Batches that finding refused lines may cost: an invocation has a bounded number of queries. */
const SEARCH_BATCHES = 80;

const imported = (line: number, ticket_id: string): ImportLine => ({ line, status: "imported", ticket_id, errors: [] });

const skipped = (line: number, ticket_id: string, message: string): ImportLine => ({
  line,
  status: "skipped",
  ticket_id,
  errors: [{ path: "ticket_id", message }],
});

const failed = (line: number, ticket_id: string | null, errors: FieldError[]): ImportLine => ({
  line,
  status: "failed",
  ticket_id,
  errors,
});

const GAP = `lies more than ${GAP_MAX} above every known number of its machine type and month: if that is meant, send allow_gaps=true`;
const EXISTS = "a ticket with this number exists already";

/** Separates the lines that can be written from those whose outcome is known. A number counts once, in the file as well. */
function sort(lines: ReadLine[], existing: Set<string>): { tickets: ImportTicket[]; settled: ImportLine[] } {
  const tickets: ImportTicket[] = [];
  const settled: ImportLine[] = [];
  const taken = new Set<string>();
  for (const { line, kept, ticket, errors } of lines) {
    const number = kept?.ticket_id ?? null;
    if (number && existing.has(number)) settled.push(skipped(line, number, EXISTS));
    else if (!ticket) settled.push(failed(line, number, errors));
    else if (number && taken.has(number)) settled.push(skipped(line, number, "an earlier line has this number"));
    else {
      if (number) taken.add(number);
      tickets.push(ticket);
    }
  }
  return { tickets, settled };
}

/** The numbers that lines would get now. */
async function preview(ctx: ActorContext, tickets: ImportTicket[]): Promise<ImportLine[]> {
  const counters = asPreview(await previewCounters(ctx, counterGroups(tickets)).all());
  return tickets.map(({ line, ticket_id, code, month }) => {
    if (ticket_id !== null || month === null) return imported(line, ticket_id ?? code);
    const key = groupKey(code, month);
    const next = (counters.get(key) ?? 0) + 1;
    counters.set(key, next);
    return imported(line, `${key}-${String(next).padStart(4, "0")}`);
  });
}

const refused = (tickets: ImportTicket[], message: string): ImportLine[] =>
  tickets.map(({ line, ticket_id }) => failed(line, ticket_id, [{ path: "", message }]));

/** Separates the lines that this import has written before; null when there are none. */
async function withoutWritten(ctx: ActorContext, name: string, tickets: ChunkLine[]) {
  const written = asWritten(await selectWritten(ctx, name).all());
  const settled = tickets.flatMap(({ line }) => (written.has(line) ? [imported(line, written.get(line) ?? "")] : []));
  if (settled.length === 0) return null;
  return { settled, tickets: tickets.filter(({ line }) => !written.has(line)) };
}

/** Separates the lines whose number somebody took after it was looked for; null when there are none. */
async function withoutTaken(ctx: ActorContext, tickets: ChunkLine[]) {
  const numbers = tickets.flatMap(({ ticket_id }) => ticket_id ?? []);
  const existing = asExisting(await selectExisting(ctx, numbers).all());
  if (existing.size === 0) return null;
  const settled = tickets.flatMap(({ line, ticket_id }) =>
    ticket_id && existing.has(ticket_id) ? [skipped(line, ticket_id, EXISTS)] : [],
  );
  return { settled, tickets: tickets.filter(({ ticket_id }) => !ticket_id || !existing.has(ticket_id)) };
}

/**
 * Writes a chunk. When the database refuses it, its halves are tried, down to the single line that is to blame.
 *
 * @param state.name what the import is known by.
 * @param state.searches batches that may still be spent on the search.
 * @param state.ahead counters that the first chunk written raises for the whole file.
 */
async function writeOrSearch(
  ctx: ActorContext,
  tickets: ChunkLine[],
  state: { name: string; searches: number; ahead: CounterGroup[] },
): Promise<ImportLine[]> {
  try {
    const numbers = await writeChunk(ctx, state.name, tickets, [...state.ahead, ...counterGroups(tickets)]);
    state.ahead = [];
    return [...numbers].map(([line, number]) => imported(line, number));
  } catch (error) {
    if (CheckFailed.is(error)) throw error;
    if (error instanceof AppError) {
      return refused(tickets, "the database did not answer: look for the ticket before you send this line again");
    }
    const rest = isLineWritten(error)
      ? await withoutWritten(ctx, state.name, tickets)
      : isUniqueViolation(error, "tickets.ticket_id")
        ? await withoutTaken(ctx, tickets)
        : null;
    if (rest)
      return [...rest.settled, ...(rest.tickets.length > 0 ? await writeOrSearch(ctx, rest.tickets, state) : [])];
    if (tickets.length === 1 || state.searches < 2) {
      ctx.log.error("import_refused", { lines: tickets.map(({ line }) => line), ...describeError(error) });
      return refused(tickets, "was refused by the database");
    }
    state.searches -= 2;
    const middle = Math.ceil(tickets.length / 2);
    const first = await writeOrSearch(ctx, tickets.slice(0, middle), state);
    return [...first, ...(await writeOrSearch(ctx, tickets.slice(middle), state))];
  }
}

async function write(ctx: ActorContext, name: string, tickets: ImportTicket[]): Promise<ImportLine[]> {
  // Raised together with the first lines, so that a ticket created meanwhile takes none of the numbers still to come,
  // and that a file of which no line is written leaves the counters as they were.
  const state = { name, searches: SEARCH_BATCHES, ahead: counterGroups(tickets) };
  const lines: ImportLine[] = [];
  for (const chunk of chunks(tickets)) lines.push(...(await writeOrSearch(ctx, chunk, state)));
  return lines;
}

interface ImportInput {
  table: CsvLine[];
  name: string;
  dryRun: boolean;
  allowGaps: boolean;
}

/**
 * Takes a table of tickets over, with their history's dates and numbers. Nobody is notified. A line that cannot be
 * read or written is reported and loses no other. Once per idempotency key.
 *
 * @param input.name what the import is known by: lines that it has written before are reported again, not written.
 * @param input.dryRun report what would happen, write nothing.
 * @param input.allowGaps take numbers that lie far above every known one, too.
 * @returns 200 with the report.
 * @throws AppError as `claimOnce` does.
 */
export const importTickets = (
  base: ActorContext,
  input: ImportInput,
  record: IdempotencyRecord | null,
): Promise<Answer> => {
  // One instant for the whole import: what it writes and what it compares with.
  const ctx = atOneInstant(base);
  return claimOnce(base, record, {
    status: 200,
    needs: [...selectKnown(ctx), selectWritten(ctx, input.name)],
    run: async ([machines, users, written]) => ({
      body: await report(ctx, input, asKnown(machines, users), input.dryRun ? new Map() : asWritten(written)),
    }),
  });
};

async function report(
  ctx: ActorContext,
  input: ImportInput,
  known: Known,
  written: Map<number, string>,
): Promise<ImportReport> {
  const frame = { known, timeZone: ctx.env.TIME_ZONE, now: ctx.now().toISOString(), importer: ctx.actor };
  const before = [...written].map(([line, number]) => imported(line, number));
  const lines = input.table.filter(({ line }) => !written.has(line)).map((line) => readLine(line, frame));
  const counters = counterGroups(lines.flatMap(({ ticket }) => ticket ?? []));
  const [existing, highest] = await ctx.env.DB.batch([
    selectExisting(
      ctx,
      lines.flatMap(({ kept }) => kept?.ticket_id ?? []),
    ),
    previewCounters(
      ctx,
      counters.map((group) => ({ ...group, highest: 0 })),
    ),
  ]);
  const sorted = sort(lines, asExisting(existing));
  const { tickets, beyond } = input.allowGaps
    ? { ...sorted, beyond: [] }
    : partGaps(sorted.tickets, asPreview(highest));
  const settled = [
    ...sorted.settled,
    ...beyond.map(({ line, ticket_id }) => failed(line, ticket_id, [{ path: "ticket_id", message: GAP }])),
  ];
  const fresh =
    tickets.length === 0 ? [] : await (input.dryRun ? preview(ctx, tickets) : write(ctx, input.name, tickets));
  return { dry_run: input.dryRun, ...spellOut([...before, ...settled, ...fresh]) };
}
