import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../context.ts";
import { sendAnswer } from "../http/answer.ts";
import { linkHeader } from "../http/cursor.ts";
import { idempotencyRecord } from "../http/idempotency.ts";
import { json } from "../openapi/answers.ts";
import { defineRoute } from "../route.ts";
import { TicketRefParam } from "../tickets/schemas.ts";
import { sendEmail } from "./create.ts";
import { listEmails } from "./list.ts";
import { EmailListOutput, EmailListQuery, SendEmailInput, SendEmailOutput } from "./schemas.ts";

const send = defineRoute({
  method: "post",
  path: "/{ref}/emails",
  tag: "E-mails",
  operationId: "sendEmails",
  summary: "Send an e-mail about a ticket",
  description:
    "Each recipient gets a mail of their own; all share one `tracking_id`. Send an `Idempotency-Key` and repeat the " +
    "request as often as needed: nothing is sent twice.",
  permission: "emails:send",
  params: TicketRefParam,
  body: SendEmailInput,
  idempotent: true,
  answers: { 202: json(SendEmailOutput, "On their way; recipients that opted out are `suppressed`", "Location") },
  problems: ["ticket_not_found"],
});

const list = defineRoute({
  method: "get",
  path: "/",
  tag: "E-mails",
  operationId: "listEmails",
  summary: "What was sent, newest first, with what became of it for each recipient",
  description: "One entry for each send. Of one ticket with `ticket`.",
  permission: "emails:read",
  query: EmailListQuery,
  answers: { 200: json(EmailListOutput, "A page of sends") },
  problems: ["ticket_not_found"],
});

/** Mounted below /tickets. */
export const ticketEmailRoutes = new OpenAPIHono<AppEnv>().openapi(send, async (c) => {
  const input = c.req.valid("json");
  const record = idempotencyRecord(c, input);
  const answer = await sendEmail(c.get("actorCtx"), c.req.valid("param").ref, input, record);
  return sendAnswer<SendEmailOutput, 202>(c, answer);
});

/** Mounted below /emails. */
export const emailRoutes = new OpenAPIHono<AppEnv>().openapi(list, async (c) => {
  const page = await listEmails(c.get("ctx"), c.req.valid("query"));
  return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
});
