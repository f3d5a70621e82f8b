import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv } from "../context.ts";
import { sendAnswer } from "../http/answer.ts";
import { linkHeader, pageQuery } from "../http/cursor.ts";
import { idempotencyRecord } from "../http/idempotency.ts";
import { IdParam } from "../http/schemas.ts";
import { readUpload } from "../http/upload.ts";
import { BINARY, file, json } from "../openapi/answers.ts";
import { defineRoute } from "../route.ts";
import { TicketRefParam } from "../tickets/schemas.ts";
import { ATTACHMENT_LIMIT, attachFile } from "./attach.ts";
import { downloadAttachment } from "./download.ts";
import { listAttachments } from "./list.ts";
import { AttachmentListOutput, AttachmentOutput } from "./schemas.ts";

const attach = defineRoute({
  method: "post",
  path: "/{ref}/attachments",
  tag: "Attachments",
  operationId: "attachFile",
  summary: "Attach a file to a ticket",
  description:
    "A photo (JPEG, PNG, WebP, GIF, HEIC, AVIF), PDF, recording or film of at most 10 MiB. Its content decides what " +
    "it is, not its name and not the `Content-Type` of its part.",
  permission: "tickets:attach",
  params: TicketRefParam,
  // A plain schema: the body is read and checked by `readUpload`, within its limits.
  rawBody: { "multipart/form-data": { schema: { type: "object", required: ["file"], properties: { file: BINARY } } } },
  idempotent: true,
  answers: { 201: json(AttachmentOutput, "Attached", "Location") },
  problems: [
    "invalid_multipart",
    "unsupported_media_type",
    "ticket_not_found",
    "too_many",
    "empty_file",
    "storage_unavailable",
  ],
});

const list = defineRoute({
  method: "get",
  path: "/{ref}/attachments",
  tag: "Attachments",
  operationId: "listAttachments",
  summary: "What is attached to a ticket, oldest first",
  description: "Names, sizes and types; the files themselves are at their `url`.",
  permission: "tickets:read",
  params: TicketRefParam,
  query: z.object(pageQuery),
  answers: { 200: json(AttachmentListOutput, "A page") },
  problems: ["ticket_not_found"],
});

const download = defineRoute({
  method: "get",
  path: "/{id}",
  tag: "Attachments",
  operationId: "downloadAttachment",
  summary: "The file itself",
  description: "Answers `Range` requests, so that a phone can play a film from the middle, and `If-None-Match`.",
  permission: "tickets:read",
  params: IdParam,
  headers: [
    { name: "Range", description: "`bytes=<first>-<last>`: the part that is wanted." },
    { name: "If-Range", description: "The `ETag` of the file that the part must belong to." },
  ],
  conditional: true,
  answers: {
    200: file("*/*", "The whole file, in the type that its content has", "Accept-Ranges", "Content-Disposition"),
    206: file("*/*", "The part that `Range` asked for", "Accept-Ranges", "Content-Disposition", "Content-Range"),
  },
  problems: ["attachment_not_found", "range_not_satisfiable", "storage_unavailable"],
});

/** Below `/tickets`. */
export const ticketAttachmentRoutes = new OpenAPIHono<AppEnv>()
  .openapi(attach, async (c) => {
    const { ref } = c.req.valid("param");
    const upload = await readUpload(c.req.raw, ATTACHMENT_LIMIT);
    const record = idempotencyRecord(c, {
      ticket: ref.toUpperCase(),
      file_name: upload.name,
      sha256: upload.sha256,
    });
    return sendAnswer<AttachmentOutput, 201>(c, await attachFile(c.get("actorCtx"), ref, upload, record));
  })
  .openapi(list, async (c) => {
    const page = await listAttachments(c.get("ctx"), c.req.valid("param").ref, c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  });

export const attachmentRoutes = new OpenAPIHono<AppEnv>().openapi(download, async (c) => {
  const { status, headers, body } = await downloadAttachment(c.get("ctx"), {
    id: c.req.valid("param").id,
    range: c.req.header("range"),
    ifRange: c.req.header("if-range"),
    ifNoneMatch: c.req.header("if-none-match"),
    headersOnly: c.req.method === "HEAD",
  });
  return status === 304 || !body ? c.body(null, status, headers) : c.body(body, status, headers);
});
