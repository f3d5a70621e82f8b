import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { requires } from "../auth/guard.ts";
import { SignedInUser } from "../auth/schemas.ts";
import type { AppEnv } from "../context.ts";
import { linkHeader } from "../http/cursor.ts";
import { jsonBody } from "../http/json-body.ts";
import { IdParam, json, jsonRequest, problems } from "../http/schemas.ts";
import { createUser } from "./create.ts";
import { updateMe } from "./me.ts";
import { getUser, listAssignable, listUsers } from "./read.ts";
import {
  AssignableListOutput,
  CreateUserInput,
  MeOutput,
  UpdateMeInput,
  UpdateUserInput,
  UserListOutput,
  UserListQuery,
  UserOutput,
} from "./schemas.ts";
import { updateUser } from "./update.ts";

const tags = ["People"];
const writeProblems = [
  "invalid_json",
  "invalid_text",
  "validation_failed",
  "unauthorized",
  "forbidden",
  "payload_too_large",
  "unsupported_media_type",
] as const;

const me = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "Who I am",
  middleware: [requires(null)],
  responses: { 200: json(MeOutput, "The signed-in user"), ...problems("unauthorized") },
});

const changeMe = createRoute({
  method: "patch",
  path: "/",
  tags,
  summary: "Change my name, language or password",
  description: "A new password needs the current one, and ends all my other sessions. API keys cannot set one.",
  middleware: [requires(null), jsonBody],
  request: { body: jsonRequest(UpdateMeInput) },
  responses: {
    200: json(MeOutput, "Changed"),
    ...problems(...writeProblems, "wrong_password", "too_many_requests"),
  },
});

export const meRoutes = new OpenAPIHono<AppEnv>()
  .openapi(me, (c) => c.json({ user: SignedInUser.parse(c.get("actorCtx").actor) }, 200))
  .openapi(changeMe, async (c) => {
    const user = await updateMe(c.get("actorCtx"), c.req.valid("json"));
    return c.json({ user }, 200);
  });

const list = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "List users",
  middleware: [requires("users:manage")],
  request: { query: UserListQuery },
  responses: {
    200: json(UserListOutput, "A page"),
    ...problems("validation_failed", "invalid_cursor", "unauthorized", "forbidden"),
  },
});

const create = createRoute({
  method: "post",
  path: "/",
  tags,
  summary: "Add a user",
  middleware: [requires("users:manage"), jsonBody],
  request: { body: jsonRequest(CreateUserInput) },
  responses: { 201: json(UserOutput, "Added"), ...problems(...writeProblems, "email_taken") },
});

const assignable = createRoute({
  method: "get",
  path: "/assignable",
  tags,
  summary: "Who may be given a ticket",
  description: "Active people from technician up, by name; at most 500, on one page.",
  middleware: [requires("tickets:read")],
  responses: { 200: json(AssignableListOutput, "All of them"), ...problems("unauthorized") },
});

const get = createRoute({
  method: "get",
  path: "/{id}",
  tags,
  summary: "One user",
  middleware: [requires("users:manage")],
  request: { params: IdParam },
  responses: {
    200: json(UserOutput, "The user"),
    ...problems("validation_failed", "unauthorized", "forbidden", "user_not_found"),
  },
});

const update = createRoute({
  method: "patch",
  path: "/{id}",
  tags,
  summary: "Change a user",
  description: "Disabling a user, another role and a new password end that user's sessions at once.",
  middleware: [requires("users:manage"), jsonBody],
  request: { params: IdParam, body: jsonRequest(UpdateUserInput) },
  responses: { 200: json(UserOutput, "Changed"), ...problems(...writeProblems, "user_not_found", "last_admin") },
});

export const userRoutes = new OpenAPIHono<AppEnv>()
  .openapi(list, async (c) => {
    const page = await listUsers(c.get("ctx"), c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(create, async (c) => {
    const user = await createUser(c.get("ctx"), c.req.valid("json"));
    return c.json({ user }, 201);
  })
  // Before `/{id}`, which would take its name for an id.
  .openapi(assignable, async (c) => c.json(await listAssignable(c.get("ctx")), 200))
  .openapi(get, async (c) => {
    const user = await getUser(c.get("ctx"), c.req.valid("param").id);
    return c.json({ user }, 200);
  })
  .openapi(update, async (c) => {
    const user = await updateUser(c.get("actorCtx"), c.req.valid("param").id, c.req.valid("json"));
    return c.json({ user }, 200);
  });
