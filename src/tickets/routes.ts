import { createRoute, OpenAPIHono, type z } from "@hono/zod-openapi";
import { requires } from "../auth/guard.ts";
import type { AppEnv } from "../context.ts";
import { sendAnswer, sendNotModified } from "../http/answer.ts";
import { linkHeader } from "../http/cursor.ts";
import { etag, ifNoneMatchHits } from "../http/etag.ts";
import { idempotencyKey, idempotencyRecord } from "../http/idempotency.ts";
import { jsonBody } from "../http/json-body.ts";
import { IdempotencyHeader, IfMatchHeader, json, jsonRequest, notModified, problems } from "../http/schemas.ts";
import { acknowledgeTicket } from "./acknowledge.ts";
import { addComment } from "./comment.ts";
import { createTicket } from "./create.ts";
import { deleteTicket } from "./delete.ts";
import { listTickets } from "./list.ts";
import { sendPage } from "./page-answer.ts";
import { getTicket, listTimeline } from "./read.ts";
import {
  CommentInput,
  CommentOutput,
  CreateTicketInput,
  QueueQuery,
  TicketListOutput,
  TicketListQuery,
  TicketOutput,
  TicketRefParam,
  TicketWithTimelineOutput,
  TimelineOutput,
  UpdateTicketInput,
} from "./schemas.ts";
import { updateTicket } from "./update.ts";

const tags = ["Tickets"];

const create = createRoute({
  method: "post",
  path: "/",
  tags,
  summary: "Create a ticket",
  description:
    "The ticket gets the next number of its machine type and month. Send an `Idempotency-Key` and repeat the request " +
    "as often as the network asks for: there is one ticket, and every answer is the first one.",
  // The session is checked in the creating batch itself, so that a creation is one round trip.
  middleware: [requires("tickets:create", { deferred: true }), idempotencyKey, jsonBody],
  request: { headers: IdempotencyHeader, body: jsonRequest(CreateTicketInput) },
  responses: {
    201: json(TicketOutput, "Created. `Location` and `ETag` are set; `Idempotency-Replayed: true` on a repeat."),
    ...problems(
      "invalid_json",
      "validation_failed",
      "invalid_idempotency_key",
      "unauthorized",
      "forbidden",
      "forbidden_field",
      "machine_not_found",
      "payload_too_large",
      "unsupported_media_type",
      "assignee_not_found",
      "customer_not_found",
      "idempotency_key_reused",
      "ticket_id_exhausted",
      "database_unavailable",
    ),
  },
});

const list = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "Find tickets",
  description:
    "Newest first unless `sort` says otherwise; `priority` puts the most urgent first. To follow changes, keep the " +
    "largest `updated_at` seen and ask for `updated_after` with `sort=-updated_at`.",
  middleware: [requires("tickets:read")],
  request: { query: TicketListQuery },
  responses: {
    200: json(TicketListOutput, "A page; the next one is also in the `Link` header"),
    ...notModified,
    ...problems("validation_failed", "invalid_cursor", "unauthorized"),
  },
});

const get = createRoute({
  method: "get",
  path: "/{ref}",
  tags,
  summary: "One ticket with its timeline",
  middleware: [requires("tickets:read")],
  request: { params: TicketRefParam },
  responses: {
    200: json(TicketWithTimelineOutput, "The ticket; its `ETag` is its version"),
    ...notModified,
    ...problems("unauthorized", "ticket_not_found"),
  },
});

const update = createRoute({
  method: "patch",
  path: "/{ref}",
  tags,
  summary: "Change a ticket: fields, assignee, status",
  description:
    "Only the members that are sent change; null clears. Send `If-Match` with the `ETag` you have seen, and a change " +
    "that somebody else has overtaken is refused with 412. Moving an unassigned ticket to `diagnostic` or " +
    "`in_progress` assigns it to you.",
  middleware: [requires("tickets:comment"), jsonBody],
  request: { params: TicketRefParam, headers: IfMatchHeader, body: jsonRequest(UpdateTicketInput) },
  responses: {
    200: json(TicketOutput, "The ticket as it is now"),
    ...problems(
      "invalid_json",
      "validation_failed",
      "unauthorized",
      "forbidden_field",
      "ticket_not_found",
      "illegal_status_transition",
      "version_conflict",
      "payload_too_large",
      "unsupported_media_type",
      "assignee_not_found",
      "customer_not_found",
    ),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/{ref}",
  tags,
  summary: "Delete a ticket",
  description: "It leaves every list; its number is never given again.",
  middleware: [requires("tickets:delete")],
  request: { params: TicketRefParam, headers: IfMatchHeader },
  responses: {
    204: { description: "Deleted" },
    ...problems("unauthorized", "forbidden", "ticket_not_found", "version_conflict"),
  },
});

const timeline = createRoute({
  method: "get",
  path: "/{ref}/timeline",
  tags,
  summary: "What happened to a ticket, oldest first",
  middleware: [requires("tickets:read")],
  request: { params: TicketRefParam, query: QueueQuery },
  responses: {
    200: json(TimelineOutput, "A page"),
    ...problems("validation_failed", "invalid_cursor", "unauthorized", "ticket_not_found"),
  },
});

const comment = createRoute({
  method: "post",
  path: "/{ref}/comments",
  tags,
  summary: "Comment on a ticket",
  middleware: [requires("tickets:comment"), idempotencyKey, jsonBody],
  request: { params: TicketRefParam, headers: IdempotencyHeader, body: jsonRequest(CommentInput) },
  responses: {
    201: json(CommentOutput, "The comment, an entry of the timeline"),
    ...problems(
      "invalid_json",
      "validation_failed",
      "invalid_idempotency_key",
      "unauthorized",
      "ticket_not_found",
      "payload_too_large",
      "unsupported_media_type",
      "idempotency_key_reused",
      "database_unavailable",
    ),
  },
});

const acknowledge = createRoute({
  method: "post",
  path: "/{ref}/acknowledge",
  tags,
  summary: "Say that I am on it",
  description: "The first one wins. It may be repeated, and always answers with the ticket.",
  middleware: [requires("tickets:work")],
  request: { params: TicketRefParam },
  responses: {
    200: json(TicketOutput, "The ticket; `acknowledged_by` is who was first"),
    ...problems("unauthorized", "forbidden", "ticket_not_found"),
  },
});

export const ticketRoutes = new OpenAPIHono<AppEnv>()
  .openapi(create, async (c) => {
    const input = c.req.valid("json");
    const record = idempotencyRecord(c.get("idempotencyKey"), input);
    return sendAnswer<TicketOutput, 201>(c, await createTicket(c.get("actorCtx"), input, record));
  })
  .openapi(list, async (c) => sendPage(c, await listTickets(c.get("actorCtx"), c.req.valid("query"))))
  .openapi(get, async (c) => {
    const ticket = await getTicket(c.get("ctx"), c.req.valid("param").ref);
    const headers = { etag: etag(ticket.version) };
    // A delivery adds to the timeline without making a new version: then only the whole answer will do.
    const settled = ticket.timeline.every((entry) => entry.created_at <= ticket.updated_at);
    if (settled && ifNoneMatchHits(c.req.header("if-none-match"), headers.etag)) {
      return sendNotModified<z.output<typeof TicketWithTimelineOutput>>(c, headers);
    }
    return c.json({ ticket }, 200, headers);
  })
  .openapi(update, async (c) => {
    const { ref } = c.req.valid("param");
    const ticket = await updateTicket(c.get("actorCtx"), ref, c.req.valid("json"), c.req.header("if-match"));
    return c.json({ ticket }, 200, { etag: etag(ticket.version) });
  })
  .openapi(remove, async (c) => {
    await deleteTicket(c.get("actorCtx"), c.req.valid("param").ref, c.req.header("if-match"));
    return c.body(null, 204);
  })
  .openapi(timeline, async (c) => {
    const page = await listTimeline(c.get("ctx"), c.req.valid("param").ref, c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(comment, async (c) => {
    const { body } = c.req.valid("json");
    const record = idempotencyRecord(c.get("idempotencyKey"), { body });
    const answer = await addComment(c.get("actorCtx"), c.req.valid("param").ref, body, record);
    return sendAnswer<CommentOutput, 201>(c, answer);
  })
  .openapi(acknowledge, async (c) => {
    const ticket = await acknowledgeTicket(c.get("actorCtx"), c.req.valid("param").ref);
    return c.json({ ticket }, 200, { etag: etag(ticket.version) });
  });
