import { OpenAPIHono, type z } from "@hono/zod-openapi";
import { PASSWORD_FLAWS } from "../auth/password-rules.ts";
import type { AppEnv } from "../context.ts";
import { sendAnswer, sendConditional } from "../http/answer.ts";
import { linkHeader } from "../http/cursor.ts";
import { bodyEtag } from "../http/etag.ts";
import { idempotencyRecord } from "../http/idempotency.ts";
import { IdParam } from "../http/schemas.ts";
import { json } from "../openapi/answers.ts";
import { defineRoute } from "../route.ts";
import { SignedInUser } from "../sessions/schemas.ts";
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

const me = defineRoute({
  method: "get",
  path: "/",
  tag: "People",
  operationId: "getMe",
  summary: "Who I am",
  description: "The person behind the token, the cookie or the API key.",
  permission: "signed-in",
  answers: { 200: json(MeOutput, "The signed-in user") },
});

const changeMe = defineRoute({
  method: "patch",
  path: "/",
  tag: "People",
  operationId: "updateMe",
  summary: "Change my name, language or password",
  description: "A new password needs the current one, and ends all my other sessions. API keys cannot set one.",
  permission: "signed-in",
  body: UpdateMeInput,
  idempotent: true,
  answers: { 200: json(MeOutput, "Changed") },
  problems: ["person_required", "wrong_password", "too_many_requests", ...PASSWORD_FLAWS],
});

export const meRoutes = new OpenAPIHono<AppEnv>()
  .openapi(me, (c) => c.json({ user: SignedInUser.parse(c.get("actorCtx").actor) }, 200))
  .openapi(changeMe, async (c) => {
    const input = c.req.valid("json");
    const answer = await updateMe(c.get("actorCtx"), input, idempotencyRecord(c, input));
    return sendAnswer<z.output<typeof MeOutput>, 200>(c, answer);
  });

const list = defineRoute({
  method: "get",
  path: "/",
  tag: "People",
  operationId: "listUsers",
  summary: "List users",
  description: "Everybody who ever had an account, disabled people too, by id.",
  permission: "users:manage",
  query: UserListQuery,
  answers: { 200: json(UserListOutput, "A page") },
});

const create = defineRoute({
  method: "post",
  path: "/",
  tag: "People",
  operationId: "createUser",
  summary: "Add a user",
  description:
    "There is no public sign-up: accounts are added here, by people only. Nobody is told the password by us.",
  permission: "users:manage",
  by: "person",
  body: CreateUserInput,
  idempotent: true,
  answers: { 201: json(UserOutput, "Added") },
  problems: ["email_taken", ...PASSWORD_FLAWS],
});

const assignable = defineRoute({
  method: "get",
  path: "/assignable",
  tag: "People",
  operationId: "listAssignableUsers",
  summary: "Who may be given a ticket",
  description: "Active people from technician up, by name; at most 500, on one page.",
  permission: "tickets:read",
  conditional: true,
  answers: { 200: json(AssignableListOutput, "All of them") },
});

const get = defineRoute({
  method: "get",
  path: "/{id}",
  tag: "People",
  operationId: "getUser",
  summary: "One user",
  description: "Also when disabled.",
  permission: "users:manage",
  params: IdParam,
  answers: { 200: json(UserOutput, "The user") },
  problems: ["user_not_found"],
});

const update = defineRoute({
  method: "patch",
  path: "/{id}",
  tag: "People",
  operationId: "updateUser",
  summary: "Change a user",
  description:
    "Disabling a user, another role and a new password end that user's sessions at once. Disabling also ends the API " +
    "keys that act for that user, for good.",
  permission: "users:manage",
  by: "person",
  params: IdParam,
  body: UpdateUserInput,
  idempotent: true,
  answers: { 200: json(UserOutput, "Changed") },
  problems: ["user_not_found", "last_admin", ...PASSWORD_FLAWS],
});

export const userRoutes = new OpenAPIHono<AppEnv>()
  .openapi(list, async (c) => {
    const page = await listUsers(c.get("ctx"), c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(create, async (c) => {
    const input = c.req.valid("json");
    const answer = await createUser(c.get("actorCtx"), input, idempotencyRecord(c, input));
    return sendAnswer<z.output<typeof UserOutput>, 201>(c, answer);
  })
  // Before `/{id}`, which would take its name for an id.
  .openapi(assignable, async (c) => {
    const body = JSON.stringify(await listAssignable(c.get("ctx")));
    return sendConditional<z.output<typeof AssignableListOutput>>(c, body, { etag: bodyEtag(body) });
  })
  .openapi(get, async (c) => {
    const user = await getUser(c.get("ctx"), c.req.valid("param").id);
    return c.json({ user }, 200);
  })
  .openapi(update, async (c) => {
    const input = c.req.valid("json");
    const { id } = c.req.valid("param");
    const answer = await updateUser(c.get("actorCtx"), id, input, idempotencyRecord(c, input));
    return sendAnswer<z.output<typeof UserOutput>, 200>(c, answer);
  });
