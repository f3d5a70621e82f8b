import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { requires } from "../auth/guard.ts";
import type { AppEnv } from "../context.ts";
import { IdParam, json, notModified, problems } from "../http/schemas.ts";
import { AppError } from "../problem.ts";
import { listTickets } from "./list.ts";
import { sendPage } from "./page-answer.ts";
import { QueueQuery, TicketListOutput } from "./schemas.ts";

const tags = ["Tickets"];

const queue = createRoute({
  method: "get",
  path: "/queue",
  tags,
  summary: "My open work: machine down first, then the most urgent, then the oldest",
  middleware: [requires("tickets:read")],
  request: { query: QueueQuery },
  responses: {
    200: json(TicketListOutput, "A page"),
    ...notModified,
    ...problems("validation_failed", "invalid_cursor", "unauthorized"),
  },
});

const machineHistory = createRoute({
  method: "get",
  path: "/{id}/tickets",
  tags,
  summary: "The history of a machine, newest ticket first",
  middleware: [requires("tickets:read")],
  request: { params: IdParam, query: QueueQuery },
  responses: {
    200: json(TicketListOutput, "A page"),
    ...notModified,
    ...problems("validation_failed", "invalid_cursor", "unauthorized", "machine_not_found"),
  },
});

const customerTickets = createRoute({
  method: "get",
  path: "/{id}/tickets",
  tags,
  summary: "The tickets of a customer, newest first",
  middleware: [requires("customers:manage")],
  request: { params: IdParam, query: QueueQuery },
  responses: {
    200: json(TicketListOutput, "A page"),
    ...notModified,
    ...problems("validation_failed", "invalid_cursor", "unauthorized", "forbidden", "customer_unknown"),
  },
});

/** Mounted below /me. */
export const myTicketRoutes = new OpenAPIHono<AppEnv>().openapi(queue, async (c) => {
  const page = await listTickets(c.get("actorCtx"), { ...c.req.valid("query"), assigned_to: "me", sort: "queue" });
  return sendPage(c, page);
});

/** Mounted below /machines. */
export const machineTicketRoutes = new OpenAPIHono<AppEnv>().openapi(machineHistory, async (c) => {
  const { id } = c.req.valid("param");
  const ctx = c.get("actorCtx");
  const machine = await ctx.env.DB.prepare("SELECT 1 FROM machines WHERE id = ?").bind(id).first();
  if (!machine) throw new AppError("machine_not_found");
  return sendPage(c, await listTickets(ctx, { ...c.req.valid("query"), machine_id: id }));
});

/** Mounted below /customers. */
export const customerTicketRoutes = new OpenAPIHono<AppEnv>().openapi(customerTickets, async (c) => {
  const { id } = c.req.valid("param");
  const ctx = c.get("actorCtx");
  const customer = await ctx.env.DB.prepare("SELECT 1 FROM customers WHERE id = ?").bind(id).first();
  if (!customer) throw new AppError("customer_unknown");
  return sendPage(c, await listTickets(ctx, { ...c.req.valid("query"), customer_id: id }));
});
