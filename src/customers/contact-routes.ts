import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv } from "../context.ts";
import { sendAnswer } from "../http/answer.ts";
import { linkHeader, pageQuery } from "../http/cursor.ts";
import { idempotencyRecord } from "../http/idempotency.ts";
import { IdParam } from "../http/schemas.ts";
import { json } from "../openapi/answers.ts";
import { defineRoute } from "../route.ts";
import { addContactMethod, listContactMethods, removeContactMethod } from "./contacts.ts";
import { addContactHistory, listContactHistory } from "./history.ts";
import { getContactPreferences, putContactPreferences } from "./preferences.ts";
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

const listMethods = defineRoute({
  method: "get",
  path: "/{id}/contact-methods",
  tag: "Customers",
  operationId: "listContactMethods",
  summary: "Every way to reach a customer",
  description: "Present and earlier ones, on one page.",
  permission: "customers:manage",
  params: IdParam,
  query: z.object(pageQuery),
  answers: { 200: json(ContactMethodListOutput, "Primary ones first") },
  problems: ["customer_unknown"],
});

const addMethod = defineRoute({
  method: "post",
  path: "/{id}/contact-methods",
  tag: "Customers",
  operationId: "addContactMethod",
  summary: "Add a way to reach a customer",
  description:
    "The same value in another spelling is the same method. A primary one takes the place of the one before.",
  permission: "customers:manage",
  params: IdParam,
  body: ContactMethodInput,
  idempotent: true,
  answers: {
    201: json(ContactMethodOutput, "Added"),
    200: json(ContactMethodOutput, "It was there already, perhaps in another spelling"),
  },
  problems: ["customer_unknown", "customer_erased", "too_many", "value_not_accepted"],
});

const removeMethod = defineRoute({
  method: "delete",
  path: "/{id}/contact-methods/{method_id}",
  tag: "Customers",
  operationId: "deleteContactMethod",
  summary: "Remove a way to reach a customer",
  description: "With a primary one the customer's own number or address goes, as if it had been set to null.",
  permission: "customers:manage",
  params: MethodParam,
  answers: { 204: { description: "Removed" } },
  problems: ["customer_unknown", "customer_erased", "contact_method_not_found"],
});

const getPreferences = defineRoute({
  method: "get",
  path: "/{id}/contact-preferences",
  tag: "Customers",
  operationId: "getContactPreferences",
  summary: "How a customer wants to be reached",
  description: "Every customer has them from the beginning.",
  permission: "customers:manage",
  params: IdParam,
  answers: { 200: json(ContactPreferencesOutput, "The preferences") },
  problems: ["customer_unknown"],
});

const putPreferences = defineRoute({
  method: "put",
  path: "/{id}/contact-preferences",
  tag: "Customers",
  operationId: "replaceContactPreferences",
  summary: "Replace a customer's preferences",
  description: "All of them at once: what is left out is not kept as it was, but refused.",
  permission: "customers:manage",
  params: IdParam,
  body: ContactPreferencesInput,
  idempotent: true,
  answers: { 200: json(ContactPreferencesOutput, "The preferences") },
  problems: ["customer_unknown", "customer_erased", "value_not_accepted"],
});

const listHistory = defineRoute({
  method: "get",
  path: "/{id}/contact-history",
  tag: "Customers",
  operationId: "listContactHistory",
  summary: "What was said between us and a customer, newest first",
  description: "Calls, messages and visits as people have noted them, and what was sent from here.",
  permission: "customers:manage",
  params: IdParam,
  query: z.object(pageQuery),
  answers: { 200: json(ContactHistoryListOutput, "A page") },
  problems: ["customer_unknown"],
});

const addHistory = defineRoute({
  method: "post",
  path: "/{id}/contact-history",
  tag: "Customers",
  operationId: "addContactHistory",
  summary: "Note a contact",
  description: "For what happened outside of this service: a call, a visit, a message.",
  permission: "customers:manage",
  params: IdParam,
  body: ContactHistoryInput,
  idempotent: true,
  answers: { 201: json(ContactHistoryOutput, "Noted", "Location") },
  problems: ["customer_unknown", "customer_erased", "ticket_not_found"],
});

export const contactRoutes = new OpenAPIHono<AppEnv>()
  .openapi(listMethods, async (c) => {
    const page = await listContactMethods(c.get("ctx"), c.req.valid("param").id, c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(addMethod, async (c) => {
    const { id } = c.req.valid("param");
    const input = c.req.valid("json");
    const answer = await addContactMethod(c.get("actorCtx"), id, input, idempotencyRecord(c, input));
    return sendAnswer<z.output<typeof ContactMethodOutput>, 200 | 201>(c, answer);
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
    const input = c.req.valid("json");
    const answer = await putContactPreferences(c.get("actorCtx"), id, input, idempotencyRecord(c, input));
    return sendAnswer<z.output<typeof ContactPreferencesOutput>, 200>(c, answer);
  })
  .openapi(listHistory, async (c) => {
    const page = await listContactHistory(c.get("ctx"), c.req.valid("param").id, c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(addHistory, async (c) => {
    const { id } = c.req.valid("param");
    const input = c.req.valid("json");
    const record = idempotencyRecord(c, input);
    const answer = await addContactHistory(c.get("actorCtx"), id, input, record);
    return sendAnswer<z.output<typeof ContactHistoryOutput>, 201>(c, answer);
  });
