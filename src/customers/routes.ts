import { createRoute, OpenAPIHono, type z } from "@hono/zod-openapi";
import { requires } from "../auth/guard.ts";
import { can } from "../auth/roles.ts";
import type { AppEnv } from "../context.ts";
import { sendAnswer, sendNotModified } from "../http/answer.ts";
import { linkHeader } from "../http/cursor.ts";
import { etag, ifNoneMatchHits } from "../http/etag.ts";
import { idempotencyKey, idempotencyRecord } from "../http/idempotency.ts";
import { jsonBody } from "../http/json-body.ts";
import {
  IdempotencyHeader,
  IdParam,
  IfMatchHeader,
  json,
  jsonRequest,
  notModified,
  problems,
} from "../http/schemas.ts";
import { AppError } from "../problem.ts";
import { findCustomer, listCustomers } from "./read.ts";
import { eraseCustomer, exportCustomer, removeCustomer } from "./remove.ts";
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

const tags = ["Customers"];
const access = ["unauthorized", "forbidden"] as const;
const changing = ["customer_unknown", "customer_erased", "database_unavailable"] as const;
const writing = ["invalid_json", "validation_failed", "payload_too_large", "unsupported_media_type"] as const;

const list = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "Find customers, newest first",
  middleware: [requires("customers:manage")],
  request: { query: CustomerListQuery },
  responses: { 200: json(CustomerListOutput, "A page"), ...problems("validation_failed", "invalid_cursor", ...access) },
});

const create = createRoute({
  method: "post",
  path: "/",
  tags,
  summary: "Add a customer",
  middleware: [requires("customers:manage"), idempotencyKey, jsonBody],
  request: { headers: IdempotencyHeader, body: jsonRequest(CreateCustomerInput) },
  responses: {
    201: json(
      CustomerOutput,
      "Added, with preferences and contact methods. `Location` and `ETag` are set; `Idempotency-Replayed: true` on a repeat.",
    ),
    ...problems(...writing, ...access),
  },
});

const get = createRoute({
  method: "get",
  path: "/{id}",
  tags,
  summary: "One customer",
  middleware: [requires("customers:manage")],
  request: { params: IdParam },
  responses: {
    200: json(CustomerOutput, "The customer; the `ETag` is the version"),
    ...notModified,
    ...problems("validation_failed", "customer_unknown", ...access),
  },
});

const update = createRoute({
  method: "patch",
  path: "/{id}",
  tags,
  summary: "Change a customer",
  description:
    "Contact methods follow: a new number or address becomes the primary one, the old one stays. `whatsapp` follows " +
    "`phone` while it is the same.",
  middleware: [requires("customers:manage"), jsonBody],
  request: { params: IdParam, headers: IfMatchHeader, body: jsonRequest(UpdateCustomerInput) },
  responses: {
    200: json(CustomerOutput, "The customer as it is now"),
    ...problems(...writing, ...access, ...changing, "version_conflict"),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/{id}",
  tags,
  summary: "Remove a customer, or make the person anonymous",
  description:
    "A customer with tickets is archived; `PATCH` with `archived: false` takes that back. One without is removed. " +
    "`?erase=true` (admin) removes everything held about the person but their tickets, which stay without a name.",
  middleware: [requires("customers:manage")],
  request: { params: IdParam, headers: IfMatchHeader, query: DeleteCustomerQuery },
  responses: {
    204: { description: "Done" },
    ...problems("validation_failed", ...access, "customer_unknown", "database_unavailable", "version_conflict"),
  },
});

const exportRoute = createRoute({
  method: "get",
  path: "/{id}/export",
  tags,
  summary: "Everything held about a person",
  middleware: [requires("customers:manage")],
  request: { params: IdParam },
  responses: {
    200: json(CustomerExportOutput, "All of it"),
    ...problems("validation_failed", ...access, "customer_unknown"),
  },
});

export const customerRoutes = new OpenAPIHono<AppEnv>()
  .openapi(list, async (c) => {
    const page = await listCustomers(c.get("ctx"), c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(create, async (c) => {
    const input = c.req.valid("json");
    const record = idempotencyRecord(c.get("idempotencyKey"), input);
    const answer = await createCustomer(c.get("actorCtx"), input, record);
    return sendAnswer<z.output<typeof CustomerOutput>, 201>(c, answer);
  })
  .openapi(get, async (c) => {
    const customer = await findCustomer(c.get("ctx"), c.req.valid("param").id);
    const headers = { etag: etag(customer.version) };
    if (ifNoneMatchHits(c.req.header("if-none-match"), headers.etag)) {
      return sendNotModified<z.output<typeof CustomerOutput>>(c, headers);
    }
    return c.json({ customer }, 200, headers);
  })
  .openapi(update, async (c) => {
    const { id } = c.req.valid("param");
    const customer = await updateCustomer(c.get("ctx"), id, c.req.valid("json"), c.req.header("if-match"));
    return c.json({ customer }, 200, { etag: etag(customer.version) });
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
  .openapi(exportRoute, async (c) => c.json(await exportCustomer(c.get("ctx"), c.req.valid("param").id), 200));
