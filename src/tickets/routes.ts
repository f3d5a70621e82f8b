import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { requires } from "../auth/guard.ts";
import type { AppEnv } from "../context.ts";
import { sendAnswer } from "../http/answer.ts";
import { linkHeader } from "../http/cursor.ts";
import { etag } from "../http/etag.ts";
import { idempotencyKey, idempotencyRecord } from "../http/idempotency.ts";
import { jsonBody } from "../http/json-body.ts";
import { IdempotencyHeader, json, jsonRequest, problems } from "../http/schemas.ts";
import { createTicket } from "./create.ts";
import { getTicket, listTickets } from "./read.ts";
import {
  CreateTicketInput,
  TicketListOutput,
  TicketListQuery,
  TicketOutput,
  TicketRefParam,
  TicketWithTimelineOutput,
} from "./schemas.ts";

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
  summary: "List tickets, newest first",
  middleware: [requires("tickets:read")],
  request: { query: TicketListQuery },
  responses: {
    200: json(TicketListOutput, "A page; the next one is also in the `Link` header"),
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
    ...problems("unauthorized", "ticket_not_found"),
  },
});

export const ticketRoutes = new OpenAPIHono<AppEnv>()
  .openapi(create, async (c) => {
    const input = c.req.valid("json");
    const record = await idempotencyRecord(c.get("idempotencyKey"), input);
    return sendAnswer<TicketOutput, 201>(c, await createTicket(c.get("actorCtx"), input, record));
  })
  .openapi(list, async (c) => {
    const page = await listTickets(c.get("ctx"), c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(get, async (c) => {
    const ticket = await getTicket(c.get("ctx"), c.req.valid("param").ref);
    return c.json({ ticket }, 200, { etag: etag(ticket.version) });
  });
