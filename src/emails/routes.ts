import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { requires } from "../auth/guard.ts";
import type { AppEnv } from "../context.ts";
import { sendAnswer } from "../http/answer.ts";
import { linkHeader } from "../http/cursor.ts";
import { idempotencyKey, idempotencyRecord } from "../http/idempotency.ts";
import { jsonBody } from "../http/json-body.ts";
import { IdempotencyHeader, json, jsonRequest, problems } from "../http/schemas.ts";
import { TicketRefParam } from "../tickets/schemas.ts";
import { sendEmail } from "./create.ts";
import { listEmails } from "./list.ts";
import { EmailListOutput, EmailListQuery, SendEmailInput, SendEmailOutput } from "./schemas.ts";

const tags = ["E-mails"];

const send = createRoute({
  method: "post",
  path: "/{ref}/emails",
  tags,
  summary: "Send an e-mail about a ticket",
  description:
    "Each recipient gets a mail of their own; all share one `tracking_id`. Send an `Idempotency-Key` and repeat the " +
    "request as often as needed: nothing is sent twice.",
  middleware: [requires("emails:send"), idempotencyKey, jsonBody],
  request: { params: TicketRefParam, headers: IdempotencyHeader, body: jsonRequest(SendEmailInput) },
  responses: {
    202: json(SendEmailOutput, "On their way; recipients that opted out are `suppressed`"),
    ...problems(
      "invalid_json",
      "validation_failed",
      "invalid_idempotency_key",
      "unauthorized",
      "forbidden",
      "ticket_not_found",
      "idempotency_key_reused",
    ),
  },
});

const list = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "What was sent, newest first, with what became of it for each recipient",
  middleware: [requires("emails:read")],
  request: { query: EmailListQuery },
  responses: {
    200: json(EmailListOutput, "A page of sends"),
    ...problems("validation_failed", "invalid_cursor", "unauthorized", "forbidden", "ticket_not_found"),
  },
});

/** Mounted below /tickets. */
export const ticketEmailRoutes = new OpenAPIHono<AppEnv>().openapi(send, async (c) => {
  const input = c.req.valid("json");
  const record = idempotencyRecord(c.get("idempotencyKey"), input);
  const answer = await sendEmail(c.get("actorCtx"), c.req.valid("param").ref, input, record);
  return sendAnswer<SendEmailOutput, 202>(c, answer);
});

/** Mounted below /emails. */
export const emailRoutes = new OpenAPIHono<AppEnv>().openapi(list, async (c) => {
  const page = await listEmails(c.get("ctx"), c.req.valid("query"));
  return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
});
