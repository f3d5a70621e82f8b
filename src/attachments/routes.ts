import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { requires } from "../auth/guard.ts";
import type { AppEnv } from "../context.ts";
import { sendAnswer } from "../http/answer.ts";
import { idempotencyKey, idempotencyRecord } from "../http/idempotency.ts";
import { IdempotencyHeader, IdParam, json, problems } from "../http/schemas.ts";
import { readUpload } from "../http/upload.ts";
import { TicketRefParam } from "../tickets/schemas.ts";
import { ATTACHMENT_LIMIT, attachFile } from "./attach.ts";
import { downloadAttachment } from "./download.ts";
import { listAttachments } from "./list.ts";
import { AttachmentListOutput, AttachmentOutput } from "./schemas.ts";

const tags = ["Attachments"];

const attach = createRoute({
  method: "post",
  path: "/{ref}/attachments",
  tags,
  summary: "Attach a file to a ticket",
  description:
    "A photo (JPEG, PNG, WebP, GIF, HEIC, AVIF), PDF, recording or film of at most 10 MiB. Its content decides what " +
    "it is, not its name and not the `Content-Type` of its part.",
  middleware: [requires("tickets:attach"), idempotencyKey],
  request: {
    params: TicketRefParam,
    headers: IdempotencyHeader,
    body: {
      required: true,
      content: {
        // A plain schema: the body is read and checked by `readUpload`, within its limits.
        "multipart/form-data": {
          schema: {
            type: "object",
            required: ["file"],
            properties: { file: { type: "string", contentMediaType: "application/octet-stream" } },
          },
        },
      },
    },
  },
  responses: {
    201: json(AttachmentOutput, "Attached; `Location` is set, `Idempotency-Replayed: true` on a repeat"),
    ...problems(
      "validation_failed",
      "invalid_multipart",
      "invalid_idempotency_key",
      "unauthorized",
      "forbidden",
      "cross_origin_request",
      "ticket_not_found",
      "payload_too_large",
      "unsupported_media_type",
      "empty_file",
      "idempotency_key_reused",
      "storage_unavailable",
      "database_unavailable",
    ),
  },
});

const list = createRoute({
  method: "get",
  path: "/{ref}/attachments",
  tags,
  summary: "What is attached to a ticket, oldest first",
  middleware: [requires("tickets:read")],
  request: { params: TicketRefParam },
  responses: {
    200: json(AttachmentListOutput, "All of them, on one page"),
    ...problems("unauthorized", "ticket_not_found"),
  },
});

const binary = (description: string) => ({
  description,
  content: { "*/*": { schema: { type: "string" as const, contentMediaType: "application/octet-stream" } } },
});

const download = createRoute({
  method: "get",
  path: "/{id}",
  tags,
  summary: "The file itself",
  description: "Answers `Range` requests, so that a phone can play a film from the middle, and `If-None-Match`.",
  middleware: [requires("tickets:read")],
  request: { params: IdParam },
  responses: {
    200: binary("The whole file, in the type that its content has"),
    206: binary("The part that `Range` asked for"),
    304: { description: "The client's copy is the same" },
    ...problems(
      "validation_failed",
      "unauthorized",
      "attachment_not_found",
      "range_not_satisfiable",
      "storage_unavailable",
    ),
  },
});

/** Below `/tickets`. */
export const ticketAttachmentRoutes = new OpenAPIHono<AppEnv>()
  .openapi(attach, async (c) => {
    const { ref } = c.req.valid("param");
    const upload = await readUpload(c.req.raw, ATTACHMENT_LIMIT);
    const record = idempotencyRecord(c.get("idempotencyKey"), {
      ticket: ref.toUpperCase(),
      file_name: upload.name,
      sha256: upload.sha256,
    });
    return sendAnswer<AttachmentOutput, 201>(c, await attachFile(c.get("actorCtx"), ref, upload, record));
  })
  .openapi(list, async (c) => {
    const attachments = await listAttachments(c.get("ctx"), c.req.valid("param").ref);
    return c.json({ attachments, next_cursor: null }, 200);
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
