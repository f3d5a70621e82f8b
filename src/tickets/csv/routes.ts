import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv } from "../../context.ts";
import { sendAnswer } from "../../http/answer.ts";
import { contentDisposition } from "../../http/content-disposition.ts";
import { idempotencyRecord } from "../../http/idempotency.ts";
import { file, json } from "../../openapi/answers.ts";
import { AppError } from "../../problem.ts";
import { defineRoute } from "../../route.ts";
import { ticketPages } from "../list.ts";
import { type Ticket, ticketFilters } from "../schemas.ts";
import { EXPORT_LOOKED_AT, EXPORT_PAGE, exportFileName, exportTickets } from "./export.ts";
import { importTickets } from "./import.ts";
import { IMPORT_LIMIT, readTable } from "./read-table.ts";
import { ImportQuery, ImportReport } from "./schemas.ts";
import { importName } from "./written.ts";

const CSV = "text/csv; charset=utf-8";

const ExportQuery = z.object(ticketFilters);

const exportCsv = defineRoute({
  method: "get",
  path: "/",
  tag: "Tickets",
  operationId: "exportTickets",
  summary: "All tickets as CSV",
  description:
    "The filters of `GET /api/tickets`. Every field of a ticket in a column of its own, newest ticket first. Made for spreadsheets: UTF-8 with a byte " +
    "order mark, and an apostrophe wherever a spreadsheet could take a text, or a piece of it between semicolons, tabs or " +
    "line ends, for a formula.",
  permission: "tickets:csv",
  query: ExportQuery,
  answers: { 200: file("text/csv", "A file, sent as it is read from the database", "Content-Disposition") },
});

const importCsv = defineRoute({
  method: "post",
  path: "/import",
  tag: "Tickets",
  operationId: "importTickets",
  summary: "Take tickets over from a CSV file",
  description:
    "For a shop that moves in with its history: numbers `TYPE-MMYY-NNNN` and `TYPE-YYYY-NNNN` are kept, other tickets " +
    "get the next number of their machine type and month. Nobody is notified. At most 12 MiB, 10,000 tickets, 100 columns and " +
    "100,000 characters a line: nothing beyond is read. " +
    "Send it with `dry_run=true` first. docs/import.md describes the columns.",
  permission: "tickets:csv",
  query: ImportQuery,
  rawBody: { "text/csv": { schema: { type: "string", maxLength: IMPORT_LIMIT } } },
  idempotent: true,
  answers: { 200: json(ImportReport, "What became of each line. A line that failed loses no other.") },
  problems: [
    "unsupported_media_type",
    "empty_file",
    "invalid_csv",
    "too_many_lines",
    "too_many_columns",
    "line_too_long",
  ],
});

/** At `/tickets.csv`. */
export const ticketExportRoutes = new OpenAPIHono<AppEnv>().openapi(exportCsv, async (c) => {
  const ctx = c.get("actorCtx");
  const query = c.req.valid("query");
  const pageAt = await ticketPages(ctx, query, EXPORT_PAGE, EXPORT_LOOKED_AT);
  const csv = await exportTickets(async (cursor) => {
    const { tickets, next_cursor } = await pageAt(cursor);
    return { tickets: tickets.map((ticket) => JSON.parse(ticket) as Ticket), next_cursor };
  });
  const fileName = exportFileName(ctx.now(), ctx.env.TIME_ZONE);
  return c.body(csv, 200, {
    "content-type": CSV,
    "content-disposition": contentDisposition("attachment", fileName),
  });
});

/** Below `/tickets`. */
export const ticketImportRoutes = new OpenAPIHono<AppEnv>().openapi(importCsv, async (c) => {
  const contentType = c.req.header("content-type") ?? "";
  if (!/^text\/csv\s*(;|$)/i.test(contentType)) {
    throw new AppError("unsupported_media_type", { params: { expected: "text/csv" } });
  }
  const { table, sha256 } = await readTable(c.req.raw, contentType);
  const { dry_run, allow_gaps } = c.req.valid("query");
  const record = idempotencyRecord(c, { contentType, dry_run, allow_gaps, sha256 });
  const input = { table, name: importName(record), dryRun: dry_run, allowGaps: allow_gaps };
  return sendAnswer<ImportReport, 200>(c, await importTickets(c.get("actorCtx"), input, record));
});
