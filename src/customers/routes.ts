import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv } from "../context.ts";
import { sendAnswer, sendConditional } from "../http/answer.ts";
import { linkHeader, pageQuery } from "../http/cursor.ts";
import { etag } from "../http/etag.ts";
import { idempotencyRecord } from "../http/idempotency.ts";
import { IdParam } from "../http/schemas.ts";
import { json } from "../openapi/answers.ts";
import { AppError } from "../problem.ts";
import { defineRoute } from "../route.ts";
import { can } from "../vocabulary/roles.ts";
import { exportCustomer } from "./export.ts";
import { listCustomers } from "./list.ts";
import { findCustomer } from "./read.ts";
import { eraseCustomer, removeCustomer } from "./remove.ts";
import { createCustomer, updateCustomer } from "./save.ts";
import {
  CreateCustomerInput,
  CustomerExportOutput,
  CustomerListOutput,
  CustomerListQuery,
  CustomerOutput,
  DeleteCustomerQuery,
  UpdateCustomerInput,
} from "./schemas.ts";

const list = defineRoute({
  method: "get",
  path: "/",
  tag: "Customers",
  operationId: "listCustomers",
  summary: "Find customers, newest first",
  description: "Those in use, or the archived ones.",
  permission: "customers:manage",
  query: CustomerListQuery,
  answers: { 200: json(CustomerListOutput, "A page") },
});

const create = defineRoute({
  method: "post",
  path: "/",
  tag: "Customers",
  operationId: "createCustomer",
  summary: "Add a customer",
  description: "Address and numbers become the primary contact methods.",
  permission: "customers:manage",
  body: CreateCustomerInput,
  idempotent: true,
  answers: {
    201: json(CustomerOutput, "Added, with preferences and contact methods", "Location", "ETag"),
  },
  problems: ["value_not_accepted"],
});

const get = defineRoute({
  method: "get",
  path: "/{id}",
  tag: "Customers",
  operationId: "getCustomer",
  summary: "One customer",
  description: "Also when archived.",
  permission: "customers:manage",
  params: IdParam,
  conditional: true,
  answers: {
    200: json(CustomerOutput, "The customer"),
  },
  problems: ["customer_unknown"],
});

const update = defineRoute({
  method: "patch",
  path: "/{id}",
  tag: "Customers",
  operationId: "updateCustomer",
  summary: "Change a customer",
  description:
    "Contact methods follow: a new number or address becomes the primary one, the old one stays. `whatsapp` follows " +
    "`phone` while it is the same.",
  permission: "customers:manage",
  params: IdParam,
  body: UpdateCustomerInput,
  idempotent: true,
  conditional: true,
  answers: { 200: json(CustomerOutput, "The customer as it is now") },
  problems: ["customer_unknown", "customer_erased", "value_not_accepted"],
});

const remove = defineRoute({
  method: "delete",
  path: "/{id}",
  tag: "Customers",
  operationId: "deleteCustomer",
  summary: "Remove a customer, or make the person anonymous",
  description:
    "A customer with tickets is archived; `PATCH` with `archived: false` takes that back. One without is removed. " +
    "`?erase=true` (admin) removes everything held about the person but their tickets, which stay without a name.",
  permission: "customers:manage",
  params: IdParam,
  query: DeleteCustomerQuery,
  conditional: true,
  answers: { 204: { description: "Done" } },
  problems: ["customer_unknown"],
});

const exportRoute = defineRoute({
  method: "get",
  path: "/{id}/export",
  tag: "Customers",
  operationId: "exportCustomer",
  summary: "Everything held about a person",
  description:
    "What a person may ask for by law: contact methods, preferences, history, e-mails and tickets. Each page has up to " +
    "`limit` entries of each list; follow `next_cursor` to its end for all of them.",
  permission: "customers:manage",
  params: IdParam,
  query: z.object(pageQuery),
  answers: { 200: json(CustomerExportOutput, "A page") },
  problems: ["customer_unknown"],
});

export const customerRoutes = new OpenAPIHono<AppEnv>()
  .openapi(list, async (c) => {
    const page = await listCustomers(c.get("ctx"), c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(create, async (c) => {
    const input = c.req.valid("json");
    const record = idempotencyRecord(c, input);
    const answer = await createCustomer(c.get("actorCtx"), input, record);
    return sendAnswer<z.output<typeof CustomerOutput>, 201>(c, answer);
  })
  .openapi(get, async (c) => {
    const customer = await findCustomer(c.get("ctx"), c.req.valid("param").id);
    const headers = { etag: etag(customer.version) };
    return sendConditional<z.output<typeof CustomerOutput>>(c, JSON.stringify({ customer }), headers);
  })
  .openapi(update, async (c) => {
    const { id } = c.req.valid("param");
    const input = c.req.valid("json");
    const ifMatch = c.req.header("if-match");
    const answer = await updateCustomer(c.get("actorCtx"), id, input, ifMatch, idempotencyRecord(c, input));
    return sendAnswer<z.output<typeof CustomerOutput>, 200>(c, answer);
  })
  .openapi(remove, async (c) => {
    const ctx = c.get("actorCtx");
    const { id } = c.req.valid("param");
    if (c.req.valid("query").erase === "true") {
      const permission = "customers:erase";
      if (!can(ctx.actor.role, permission)) throw new AppError("forbidden", { params: { permission } });
      await eraseCustomer(ctx, id, c.req.header("if-match"));
    } else {
      await removeCustomer(ctx, id, c.req.header("if-match"));
    }
    return c.body(null, 204);
  })
  .openapi(exportRoute, async (c) => {
    const page = await exportCustomer(c.get("ctx"), c.req.valid("param").id, c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  });
