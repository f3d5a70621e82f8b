import { type RouteConfig, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { requires, USER_HEADER } from "./auth/guard.ts";
import type { AppEnv } from "./context.ts";
import { boundedHeaders, HEADER_MAX } from "./http/bounded-headers.ts";
import { IDEMPOTENCY_DAYS, idempotencyKey } from "./http/idempotency.ts";
import { jsonBody } from "./http/json-body.ts";
import { knownParameters } from "./http/known-parameters.ts";
import { INSTANT_BOUNDS, inputInstant } from "./http/schemas.ts";
import { type Answer, type AnswerHeader, answerHeaders, problemAnswers } from "./openapi/answers.ts";
import type { Tag } from "./openapi/document.ts";
import type { ProblemCode } from "./problem.ts";
import { PERMISSIONS, type Permission, ROLES } from "./vocabulary/roles.ts";

/** What there is to say about one route. Everything else about it follows from that (see `defineRoute`). */
interface Definition {
  method: "get" | "post" | "put" | "patch" | "delete";
  /** Below where the router is mounted, with `{name}` for a parameter. */
  path: string;
  tag: Tag;
  /** A verb and a noun, unique: generated clients name their functions after it. */
  operationId: string;
  summary: string;
  /** What the summary leaves open, in whole sentences. */
  description: string;
  permission: Permission | "signed-in" | "public";
  /** A person who is signed in, not an API key. */
  by?: "person";
  params?: z.ZodObject;
  query?: z.ZodObject;
  /** A JSON body, which must be there. */
  body?: z.ZodType;
  /** The JSON body may be left out, and then is `{}`. */
  bodyOptional?: true;
  /** Another body, by its media type: documented here, read and checked by the handler. */
  rawBody?: NonNullable<NonNullable<RouteConfig["request"]>["body"]>["content"];
  /** Headers that the handler reads and checks by itself. */
  headers?: readonly { name: string; description: string; required?: boolean }[];
  /** Honours `Idempotency-Key`. */
  idempotent?: true;
  /** A version in `ETag`: a GET honours `If-None-Match`, a change `If-Match`. */
  conditional?: true;
  /** Takes instants of the sender's clock, and `Client-Time` with them. */
  timed?: true;
  /** The answers for success, by status. */
  answers: Record<number, Answer>;
  /** Problems that do not follow from the rest. */
  problems?: readonly ProblemCode[];
}

const IdempotencyHeader = {
  "idempotency-key": z
    .string()
    .optional()
    .openapi({
      description:
        `1 to 255 visible ASCII characters, unique per thing to do; kept ${IDEMPOTENCY_DAYS} days. The same key and ` +
        "body: the first answer again.",
      minLength: 1,
      maxLength: 255,
      pattern: "^[!-~]+$",
      example: "3f1c8f2e-6a53-4f0b-9a63-0b7f4c9f1a55",
    }),
};
const IfMatchHeader = {
  "if-match": z
    .string()
    .max(200)
    .optional()
    .openapi({ description: "The `ETag` of what you have seen.", example: '"3"' }),
};
const ClientTimeHeader = {
  "client-time": inputInstant.optional().openapi({
    description: `The sender's clock: instants in the request move by as much as it is wrong. ${INSTANT_BOUNDS}`,
  }),
};
const USER = {
  name: USER_HEADER,
  description:
    "The id of the person for whom the request is: where another one is signed in, 409 `signed_in_as_other`.",
};
const IF_NONE_MATCH = { name: "If-None-Match", description: "The `ETag` of the answer you have." };

type HeadersOf<D> = (D extends { idempotent: true } ? typeof IdempotencyHeader : unknown) &
  (D extends { timed: true } ? typeof ClientTimeHeader : unknown) &
  (D extends { conditional: true; method: "put" | "patch" | "delete" } ? typeof IfMatchHeader : unknown);

/** A definition as `OpenAPIHono.openapi` reads it; the typed client knows the answers for success only. */
type Route<D extends Definition> = {
  method: D["method"];
  path: D["path"];
  request: {
    params: D extends { params: infer S extends z.ZodObject } ? S : undefined;
    query: D extends { query: infer S extends z.ZodObject } ? S : undefined;
    headers: keyof HeadersOf<D> extends never ? undefined : z.ZodObject<HeadersOf<D> & z.ZodRawShape>;
    body: D extends { body: infer S extends z.ZodType }
      ? { content: { "application/json": { schema: S } } }
      : undefined;
  };
  responses: D["answers"];
};

/** The guard that a permission asks for. */
function guardOf({ permission, by, rawBody }: Definition): MiddlewareHandler<AppEnv>[] {
  if (permission === "public") return [];
  const admission = { permission: permission === "signed-in" ? null : permission, by };
  return [requires(admission, { asksFirst: rawBody !== undefined })];
}

/** What the documentation says of a route: its description, and who may use it. */
function described({ description, permission }: Definition): string {
  if (permission === "public") return description;
  return `${description} Least role: ${permission === "signed-in" ? ROLES[0] : PERMISSIONS[permission]}.`;
}

/** The problems that follow from what a route takes, whatever it does. */
function impliedProblems(definition: Definition): ProblemCode[] {
  const { method, permission, by, params, query, body, rawBody, headers, idempotent, conditional, timed } = definition;
  const codes: ProblemCode[] = ["unknown_parameter"];
  if (permission !== "public") {
    codes.push("unauthorized", "signed_in_as_other", "too_many_requests", "database_unavailable");
    if (method !== "get") codes.push("cross_origin_request");
    if (permission !== "signed-in" && PERMISSIONS[permission] !== "operator") codes.push("forbidden");
  }
  if (by === "person") codes.push("person_required");
  if (params || query || body || headers || conditional || timed) codes.push("validation_failed");
  if (query && "cursor" in query.shape) codes.push("invalid_cursor");
  if (body) codes.push("invalid_json", "invalid_text", "unsupported_media_type");
  if (body || rawBody) codes.push("payload_too_large", "incomplete_body");
  if (idempotent) codes.push("invalid_idempotency_key", "idempotency_key_reused", "request_in_progress");
  if (conditional && method !== "get") codes.push("version_conflict");
  return codes;
}

/** The answers for success with the headers that follow from the definition. */
function successes({ query, idempotent, conditional, method, answers }: Definition): RouteConfig["responses"] {
  const implied: AnswerHeader[] = ["X-Request-Id"];
  if (query && "cursor" in query.shape) implied.push("Link");
  if (idempotent) implied.push("Idempotency-Replayed");
  if (conditional && method !== "delete") implied.push("ETag");
  const documented = Object.entries(answers).map(([status, { headers, ...answer }]) => [
    status,
    { ...answer, headers: { ...answerHeaders(...implied), ...headers } },
  ]);
  if (conditional && method === "get") {
    documented.push(["304", { description: "As it was when it got its `ETag`", headers: answerHeaders(...implied) }]);
  }
  return Object.fromEntries(documented);
}

/**
 * Makes a route of its definition. Derived are: the guard, `security` and the least role in the description, the
 * middleware for unknown query parameters, `Idempotency-Key` and JSON bodies, the parameters and headers in the
 * documentation, and every problem that is not the route's own.
 */
export function defineRoute<const D extends Definition>(definition: D): Route<D> {
  const { method, path, tag, operationId, summary, permission } = definition;
  const { params, query, body, bodyOptional, rawBody, idempotent, conditional, timed } = definition;
  const { headers = [], problems = [] } = definition;
  const checked = {
    ...(idempotent && IdempotencyHeader),
    ...(timed && ClientTimeHeader),
    ...(conditional && method !== "get" && IfMatchHeader),
  };
  const unchecked = [
    ...(permission === "public" ? [] : [USER]),
    ...headers,
    ...(conditional && method === "get" ? [IF_NONE_MATCH] : []),
  ];
  const content = body ? { "application/json": { schema: body } } : rawBody;
  const route: RouteConfig = {
    method,
    path,
    operationId,
    tags: [tag],
    summary,
    description: described(definition),
    ...(permission === "public" && { security: [] }),
    middleware: [
      ...guardOf(definition),
      knownParameters(Object.keys(query?.shape ?? {})),
      boundedHeaders(unchecked.map(({ name }) => name)),
      ...(idempotent ? [idempotencyKey] : []),
      ...(body ? [jsonBody({ isOptional: bodyOptional === true })] : []),
    ],
    parameters: unchecked.map((header) => ({
      ...header,
      in: "header" as const,
      schema: { type: "string" as const, maxLength: HEADER_MAX },
    })),
    request: {
      params,
      query,
      ...(Object.keys(checked).length > 0 && { headers: z.object(checked) }),
      ...(content && { body: { required: !bodyOptional, content } }),
    },
    responses: { ...successes(definition), ...problemAnswers([...impliedProblems(definition), ...problems]) },
  };
  return route as RouteConfig & Route<D>;
}
