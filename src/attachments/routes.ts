import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv } from "../context.ts";
import { sendAnswer } from "../http/answer.ts";
import { byOurClock } from "../http/client-time.ts";
import { linkHeader, pageQuery } from "../http/cursor.ts";
import { idempotencyRecord } from "../http/idempotency.ts";
import { IdParam } from "../http/schemas.ts";
import { fileOf, readForm, textOf } from "../http/upload.ts";
import { BINARY, file, json } from "../openapi/answers.ts";
import { defineRoute } from "../route.ts";
import { occurredAt, TicketRefParam } from "../tickets/schemas.ts";
import { ATTACHMENT_LIMIT, attachFile, THUMBNAIL_LIMIT } from "./attach.ts";
import { downloadAttachment, downloadThumbnail } from "./download.ts";
import { listAttachments } from "./list.ts";
import { AttachmentListOutput, AttachmentOutput, pixels } from "./schemas.ts";

const attach = defineRoute({
  method: "post",
  path: "/{ref}/attachments",
  tag: "Attachments",
  operationId: "attachFile",
  summary: "Attach a file to a ticket",
  description:
    "A photo (JPEG, PNG, WebP, GIF, HEIC, AVIF), PDF, recording or film of at most 10 MiB. Its content decides what " +
    "it is, not its name and not the `Content-Type` of its part. Operators attach to tickets that they reported. " +
    "`occurred_at` says when it was taken, where that is not when it arrives; `thumbnail` is a picture of at most 64 KiB.",
  permission: "tickets:comment",
  params: TicketRefParam,
  // A plain schema: the body is read and checked part by part, within its limits.
  rawBody: {
    "multipart/form-data": {
      schema: {
        type: "object",
        required: ["file"],
        properties: {
          file: BINARY,
          thumbnail: BINARY,
          width: { type: "integer", minimum: 1, maximum: 99_999 },
          height: { type: "integer", minimum: 1, maximum: 99_999 },
          occurred_at: { type: "string", format: "date-time", maxLength: 100 },
        },
      },
    },
  },
  idempotent: true,
  timed: true,
  answers: { 201: json(AttachmentOutput, "Attached", "Location") },
  problems: [
    "invalid_multipart",
    "forbidden",
    "value_not_accepted",
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

const thumbnail = defineRoute({
  method: "get",
  path: "/{id}/thumbnail",
  tag: "Attachments",
  operationId: "downloadThumbnail",
  summary: "A small picture of the file",
  description: "As it was sent with it, at most 64 KiB. 404 where there was none.",
  permission: "tickets:read",
  params: IdParam,
  conditional: true,
  answers: { 200: file("*/*", "The picture, in the type that its content has") },
  problems: ["attachment_not_found", "storage_unavailable"],
});

/** Below `/tickets`. */
export const ticketAttachmentRoutes = new OpenAPIHono<AppEnv>()
  .openapi(attach, async (c) => {
    const { ref } = c.req.valid("param");
    const form = await readForm(c.req.raw, ATTACHMENT_LIMIT);
    const file = await fileOf(form, "file", ATTACHMENT_LIMIT);
    const thumbnail = form.has("thumbnail") ? await fileOf(form, "thumbnail", THUMBNAIL_LIMIT) : null;
    const [width, height] = [textOf(form, "width", pixels), textOf(form, "height", pixels)];
    const occurred_at = textOf(form, "occurred_at", occurredAt);
    const record = idempotencyRecord(c, {
      ticket: ref.toUpperCase(),
      file_name: file.name,
      sha256: file.sha256,
      occurred_at,
      thumbnail: thumbnail?.sha256,
      width,
      height,
    });
    const upload = { file, thumbnail, width, height, occurred_at: byOurClock(c, occurred_at) };
    return sendAnswer<AttachmentOutput, 201>(c, await attachFile(c.get("actorCtx"), ref, upload, record));
  })
  .openapi(list, async (c) => {
    const page = await listAttachments(c.get("ctx"), c.req.valid("param").ref, c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  });

export const attachmentRoutes = new OpenAPIHono<AppEnv>()
  .openapi(download, async (c) => {
    const { status, headers, body } = await downloadAttachment(c.get("ctx"), {
      id: c.req.valid("param").id,
      range: c.req.header("range"),
      ifRange: c.req.header("if-range"),
      ifNoneMatch: c.req.header("if-none-match"),
      headersOnly: c.req.method === "HEAD",
    });
    return status === 304 || !body ? c.body(null, status, headers) : c.body(body, status, headers);
  })
  .openapi(thumbnail, async (c) => {
    const { status, headers, body } = await downloadThumbnail(c.get("ctx"), {
      id: c.req.valid("param").id,
      ifNoneMatch: c.req.header("if-none-match"),
      headersOnly: c.req.method === "HEAD",
    });
    return status === 304 || !body ? c.body(null, status, headers) : c.body(body, 200, headers);
  });
