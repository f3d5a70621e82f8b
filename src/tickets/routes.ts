import { OpenAPIHono, type z } from "@hono/zod-openapi";
import type { AppEnv } from "../context.ts";
import { sendAnswer, sendConditional } from "../http/answer.ts";
import { byOurClock } from "../http/client-time.ts";
import { linkHeader } from "../http/cursor.ts";
import { versionedBodyEtag } from "../http/etag.ts";
import { idempotencyRecord } from "../http/idempotency.ts";
import { json } from "../openapi/answers.ts";
import { defineRoute } from "../route.ts";
import { acknowledgeTicket } from "./acknowledge.ts";
import { addComment } from "./comment.ts";
import { createTicket } from "./create.ts";
import { deleteTicket } from "./delete.ts";
import { listTickets } from "./list.ts";
import { sendPage } from "./page-answer.ts";
import {
  AcknowledgeInput,
  CommentInput,
  CommentOutput,
  CreateTicketInput,
  TicketListOutput,
  TicketListQuery,
  TicketOutput,
  TicketRefParam,
  TicketWithTimelineOutput,
  TimelineOutput,
  TimelineQuery,
  UpdateTicketInput,
} from "./schemas.ts";
import { getTicket, listTimeline } from "./timeline.ts";
import { updateTicket } from "./update.ts";

const create = defineRoute({
  method: "post",
  path: "/",
  tag: "Tickets",
  operationId: "createTicket",
  summary: "Create a ticket",
  description:
    "The ticket gets the next number of its machine type and month. Send an `Idempotency-Key` and repeat the request " +
    "as often as the network asks for: there is one ticket, and every answer is the first one. `customer_id` and other " +
    "people as assignee are for supervisors; technicians may name themselves.",
  // The session is checked in the creating batch itself, so that a creation is one round trip.
  permission: "tickets:create",
  body: CreateTicketInput,
  idempotent: true,
  timed: true,
  answers: { 201: json(TicketOutput, "Created", "Location", "ETag") },
  problems: [
    "forbidden_field",
    "machine_not_found",
    "assignee_not_found",
    "customer_not_found",
    "value_not_accepted",
    "ticket_id_exhausted",
  ],
});

const list = defineRoute({
  method: "get",
  path: "/",
  tag: "Tickets",
  operationId: "listTickets",
  summary: "Find tickets",
  description:
    "Newest first unless `sort` says otherwise; `priority` puts the most urgent first. Whoever " +
    "keeps a copy follows `GET /api/changes`. Where filters leave little of much, a page may be short, or empty, and have a " +
    "next one.",
  permission: "tickets:read",
  query: TicketListQuery,
  conditional: true,
  answers: { 200: json(TicketListOutput, "A page") },
});

const get = defineRoute({
  method: "get",
  path: "/{ref}",
  tag: "Tickets",
  operationId: "getTicket",
  summary: "One ticket with the newest entries of its timeline",
  description:
    "By its number or its id, in either case of letters. Of the timeline the newest 100 entries are there, oldest of them " +
    "first; `timeline_before` leads to those before.",
  permission: "tickets:read",
  params: TicketRefParam,
  conditional: true,
  answers: { 200: json(TicketWithTimelineOutput, "The ticket") },
  problems: ["ticket_not_found"],
});

const update = defineRoute({
  method: "patch",
  path: "/{ref}",
  tag: "Tickets",
  operationId: "updateTicket",
  summary: "Change a ticket: fields, assignee, status",
  description:
    "Only the members that are sent change; null clears. Send `If-Match` with the `ETag` you have seen, and a change " +
    "that somebody else has overtaken, be it by a comment, is refused with 412. `from_status` and `from_assigned_to` " +
    "bind it to nothing else than what they name. Without any of them nobody is refused for that. Moving an unassigned ticket to `diagnostic` or " +
    "`in_progress` assigns it to you.",
  permission: "tickets:comment",
  params: TicketRefParam,
  body: UpdateTicketInput,
  idempotent: true,
  timed: true,
  conditional: true,
  answers: { 200: json(TicketOutput, "The ticket as it is now") },
  problems: [
    "forbidden_field",
    "ticket_not_found",
    "illegal_status_transition",
    "overtaken",
    "assignee_not_found",
    "customer_not_found",
    "value_not_accepted",
  ],
});

const remove = defineRoute({
  method: "delete",
  path: "/{ref}",
  tag: "Tickets",
  operationId: "deleteTicket",
  summary: "Delete a ticket",
  description: "It leaves every list; its number is never given again.",
  permission: "tickets:delete",
  params: TicketRefParam,
  conditional: true,
  answers: { 204: { description: "Deleted" } },
  problems: ["ticket_not_found"],
});

const timeline = defineRoute({
  method: "get",
  path: "/{ref}/timeline",
  tag: "Tickets",
  operationId: "listTimeline",
  summary: "What happened to a ticket, oldest first",
  description:
    "From the beginning, page by page with `cursor`; or backwards from a place with `before`. Each page is in the order of " +
    "the timeline. Nothing changes or removes an entry.",
  permission: "tickets:read",
  params: TicketRefParam,
  query: TimelineQuery,
  answers: { 200: json(TimelineOutput, "A page") },
  problems: ["ticket_not_found"],
});

const comment = defineRoute({
  method: "post",
  path: "/{ref}/comments",
  tag: "Tickets",
  operationId: "addComment",
  summary: "Comment on a ticket",
  description: "It stands in the ticket's timeline, and the webhooks are told.",
  permission: "tickets:comment",
  params: TicketRefParam,
  body: CommentInput,
  idempotent: true,
  timed: true,
  answers: { 201: json(CommentOutput, "The comment, an entry of the timeline", "Location") },
  problems: ["ticket_not_found", "value_not_accepted"],
});

const acknowledge = defineRoute({
  method: "post",
  path: "/{ref}/acknowledge",
  tag: "Tickets",
  operationId: "acknowledgeTicket",
  summary: "Say that I am on it",
  description: "The first one wins. It may be repeated, and always answers with the ticket.",
  permission: "tickets:work",
  params: TicketRefParam,
  body: AcknowledgeInput,
  bodyOptional: true,
  idempotent: true,
  timed: true,
  answers: { 200: json(TicketOutput, "The ticket; `acknowledged_by` is who was first", "ETag") },
  problems: ["ticket_not_found", "value_not_accepted"],
});

export const ticketRoutes = new OpenAPIHono<AppEnv>()
  .openapi(create, async (c) => {
    const input = c.req.valid("json");
    const record = idempotencyRecord(c, input);
    const reported_at = byOurClock(c, input.reported_at);
    const answer = await createTicket(c.get("actorCtx"), { ...input, reported_at }, record);
    return sendAnswer<TicketOutput, 201>(c, answer);
  })
  .openapi(list, async (c) => sendPage(c, await listTickets(c.get("actorCtx"), c.req.valid("query"))))
  .openapi(get, async (c) => {
    const ticket = await getTicket(c.get("ctx"), c.req.valid("param").ref);
    const body = JSON.stringify({ ticket });
    return sendConditional<z.output<typeof TicketWithTimelineOutput>>(c, body, {
      etag: versionedBodyEtag(ticket.version, body),
    });
  })
  .openapi(update, async (c) => {
    const { ref } = c.req.valid("param");
    const input = c.req.valid("json");
    const ifMatch = c.req.header("if-match");
    const record = idempotencyRecord(c, input);
    const occurred_at = byOurClock(c, input.occurred_at);
    const answer = await updateTicket(c.get("actorCtx"), ref, { ...input, occurred_at }, ifMatch, record);
    return sendAnswer<TicketOutput, 200>(c, answer);
  })
  .openapi(remove, async (c) => {
    await deleteTicket(c.get("actorCtx"), c.req.valid("param").ref, c.req.header("if-match"));
    return c.body(null, 204);
  })
  .openapi(timeline, async (c) => {
    const page = await listTimeline(c.get("ctx"), c.req.valid("param").ref, c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor, page.previous_cursor));
  })
  .openapi(comment, async (c) => {
    const input = c.req.valid("json");
    const record = idempotencyRecord(c, input);
    const occurred_at = byOurClock(c, input.occurred_at);
    const answer = await addComment(c.get("actorCtx"), c.req.valid("param").ref, { ...input, occurred_at }, record);
    return sendAnswer<CommentOutput, 201>(c, answer);
  })
  .openapi(acknowledge, async (c) => {
    const input = c.req.valid("json");
    const record = idempotencyRecord(c, input.occurred_at === undefined ? null : input);
    const occurredAt = byOurClock(c, input.occurred_at);
    const answer = await acknowledgeTicket(c.get("actorCtx"), c.req.valid("param").ref, occurredAt, record);
    return sendAnswer<TicketOutput, 200>(c, answer);
  });
