import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../context.ts";
import { sendJson } from "../http/answer.ts";
import { IdParam } from "../http/schemas.ts";
import { json } from "../openapi/answers.ts";
import { defineRoute } from "../route.ts";
import { listTickets } from "./list.ts";
import { machineByLabel } from "./machine-label.ts";
import { sendPage } from "./page-answer.ts";
import { LabelParam, MachineByLabelOutput, QueueQuery, TicketListOutput } from "./schemas.ts";

const queue = defineRoute({
  method: "get",
  path: "/queue",
  tag: "Tickets",
  operationId: "listMyQueue",
  summary: "My open work: machine down first, then the most urgent, then the oldest",
  description: "Open tickets that are assigned to whoever asks.",
  permission: "tickets:read",
  query: QueueQuery,
  conditional: true,
  answers: { 200: json(TicketListOutput, "A page") },
});

const machineHistory = defineRoute({
  method: "get",
  path: "/{id}/tickets",
  tag: "Tickets",
  operationId: "listMachineTickets",
  summary: "The history of a machine, newest ticket first",
  description: "Of every status, also when the machine is retired.",
  permission: "tickets:read",
  params: IdParam,
  query: QueueQuery,
  conditional: true,
  answers: { 200: json(TicketListOutput, "A page") },
  problems: ["machine_not_found"],
});

const byLabel = defineRoute({
  method: "get",
  path: "/by-token/{token}",
  tag: "Machines",
  operationId: "getMachineByLabel",
  summary: "The machine of a label, its open tickets, and what is mostly wrong with it",
  description: "`/m/<token>` is on the label. A retired machine has none any more.",
  permission: "machines:read",
  params: LabelParam,
  answers: { 200: json(MachineByLabelOutput, "The machine") },
  problems: ["machine_not_found"],
});

const customerTickets = defineRoute({
  method: "get",
  path: "/{id}/tickets",
  tag: "Tickets",
  operationId: "listCustomerTickets",
  summary: "The tickets of a customer, newest first",
  description: "Of every status.",
  permission: "customers:manage",
  params: IdParam,
  query: QueueQuery,
  conditional: true,
  answers: { 200: json(TicketListOutput, "A page") },
  problems: ["customer_unknown"],
});

/** Mounted below /me. */
export const myTicketRoutes = new OpenAPIHono<AppEnv>().openapi(queue, async (c) => {
  const page = await listTickets(c.get("actorCtx"), { ...c.req.valid("query"), assigned_to: "me", sort: "queue" });
  return sendPage(c, page);
});

/** Mounted below /machines. */
export const machineTicketRoutes = new OpenAPIHono<AppEnv>()
  .openapi(machineHistory, async (c) => {
    const { id } = c.req.valid("param");
    const ctx = c.get("actorCtx");
    const exists = ctx.env.DB.prepare("SELECT 1 FROM machines WHERE id = ?").bind(id);
    const query = { ...c.req.valid("query"), machine_id: id };
    return sendPage(c, await listTickets(ctx, query, { exists, missing: "machine_not_found" }));
  })
  .openapi(byLabel, async (c) => {
    const body = await machineByLabel(c.get("ctx"), c.req.valid("param").token);
    return sendJson<MachineByLabelOutput, 200>(c, 200, body, {});
  });

/** Mounted below /customers. */
export const customerTicketRoutes = new OpenAPIHono<AppEnv>().openapi(customerTickets, async (c) => {
  const { id } = c.req.valid("param");
  const ctx = c.get("actorCtx");
  const exists = ctx.env.DB.prepare("SELECT 1 FROM customers WHERE id = ?").bind(id);
  const query = { ...c.req.valid("query"), customer_id: id };
  return sendPage(c, await listTickets(ctx, query, { exists, missing: "customer_unknown" }));
});
