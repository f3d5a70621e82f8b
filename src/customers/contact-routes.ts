import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { requires } from "../auth/guard.ts";
import type { AppEnv } from "../context.ts";
import { sendAnswer } from "../http/answer.ts";
import { linkHeader, pageQuery } from "../http/cursor.ts";
import { idempotencyKey, idempotencyRecord } from "../http/idempotency.ts";
import { jsonBody } from "../http/json-body.ts";
import { IdempotencyHeader, IdParam, json, jsonRequest, problems } from "../http/schemas.ts";
import {
  addContactMethod,
  getContactPreferences,
  listContactMethods,
  putContactPreferences,
  removeContactMethod,
} from "./contacts.ts";
import { addContactHistory, listContactHistory } from "./history.ts";
import {
  ContactHistoryInput,
  ContactHistoryListOutput,
  ContactHistoryOutput,
  ContactMethodInput,
  ContactMethodListOutput,
  ContactMethodOutput,
  ContactPreferencesInput,
  ContactPreferencesOutput,
  MethodParam,
} from "./schemas.ts";

const tags = ["Customers"];
const access = ["validation_failed", "unauthorized", "forbidden", "customer_unknown"] as const;
const changing = ["customer_erased", "database_unavailable"] as const;
const writing = [...changing, "invalid_json", "payload_too_large", "unsupported_media_type"] as const;

const listMethods = createRoute({
  method: "get",
  path: "/{id}/contact-methods",
  tags,
  summary: "Every way to reach a customer",
  middleware: [requires("customers:manage")],
  request: { params: IdParam },
  responses: { 200: json(ContactMethodListOutput, "Primary ones first"), ...problems(...access) },
});

const addMethod = createRoute({
  method: "post",
  path: "/{id}/contact-methods",
  tags,
  summary: "Add a way to reach a customer",
  middleware: [requires("customers:manage"), jsonBody],
  request: { params: IdParam, body: jsonRequest(ContactMethodInput) },
  responses: {
    201: json(ContactMethodOutput, "Added"),
    200: json(ContactMethodOutput, "It was there already, perhaps in another spelling"),
    ...problems(...access, ...writing),
  },
});

const removeMethod = createRoute({
  method: "delete",
  path: "/{id}/contact-methods/{method_id}",
  tags,
  summary: "Remove a way to reach a customer",
  middleware: [requires("customers:manage")],
  request: { params: MethodParam },
  responses: { 204: { description: "Removed" }, ...problems(...access, ...changing, "contact_method_not_found") },
});

const getPreferences = createRoute({
  method: "get",
  path: "/{id}/contact-preferences",
  tags,
  summary: "How a customer wants to be reached",
  middleware: [requires("customers:manage")],
  request: { params: IdParam },
  responses: { 200: json(ContactPreferencesOutput, "The preferences"), ...problems(...access) },
});

const putPreferences = createRoute({
  method: "put",
  path: "/{id}/contact-preferences",
  tags,
  summary: "Replace a customer's preferences",
  middleware: [requires("customers:manage"), jsonBody],
  request: { params: IdParam, body: jsonRequest(ContactPreferencesInput) },
  responses: { 200: json(ContactPreferencesOutput, "The preferences"), ...problems(...access, ...writing) },
});

const listHistory = createRoute({
  method: "get",
  path: "/{id}/contact-history",
  tags,
  summary: "What was said between us and a customer, newest first",
  middleware: [requires("customers:manage")],
  request: { params: IdParam, query: z.object(pageQuery) },
  responses: { 200: json(ContactHistoryListOutput, "A page"), ...problems(...access, "invalid_cursor") },
});

const addHistory = createRoute({
  method: "post",
  path: "/{id}/contact-history",
  tags,
  summary: "Note a contact",
  middleware: [requires("customers:manage"), idempotencyKey, jsonBody],
  request: { params: IdParam, headers: IdempotencyHeader, body: jsonRequest(ContactHistoryInput) },
  responses: {
    201: json(ContactHistoryOutput, "Noted; `Idempotency-Replayed: true` on a repeat"),
    ...problems(...access, ...writing, "ticket_not_found"),
  },
});

export const contactRoutes = new OpenAPIHono<AppEnv>()
  .openapi(listMethods, async (c) =>
    c.json(
      { contact_methods: await listContactMethods(c.get("ctx"), c.req.valid("param").id), next_cursor: null },
      200,
    ),
  )
  .openapi(addMethod, async (c) => {
    const { id } = c.req.valid("param");
    const { contact_method, added } = await addContactMethod(c.get("ctx"), id, c.req.valid("json"));
    return added ? c.json({ contact_method }, 201) : c.json({ contact_method }, 200);
  })
  .openapi(removeMethod, async (c) => {
    const { id, method_id } = c.req.valid("param");
    await removeContactMethod(c.get("ctx"), id, method_id);
    return c.body(null, 204);
  })
  .openapi(getPreferences, async (c) => {
    const contact_preferences = await getContactPreferences(c.get("ctx"), c.req.valid("param").id);
    return c.json({ contact_preferences }, 200);
  })
  .openapi(putPreferences, async (c) => {
    const { id } = c.req.valid("param");
    const contact_preferences = await putContactPreferences(c.get("ctx"), id, c.req.valid("json"));
    return c.json({ contact_preferences }, 200);
  })
  .openapi(listHistory, async (c) => {
    const page = await listContactHistory(c.get("ctx"), c.req.valid("param").id, c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(addHistory, async (c) => {
    const { id } = c.req.valid("param");
    const input = c.req.valid("json");
    const record = idempotencyRecord(c.get("idempotencyKey"), input);
    const answer = await addContactHistory(c.get("actorCtx"), id, input, record);
    return sendAnswer<z.output<typeof ContactHistoryOutput>, 201>(c, answer);
  });
