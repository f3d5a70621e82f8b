import type { Context, TypedResponse } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { AppEnv } from "../context.ts";
import { ifNoneMatchHits } from "./etag.ts";
import type { Answer } from "./idempotency.ts";

/**
 * Sends an answer whose body is JSON text already, as the database made it.
 * `T` and `S` tell the typed client what that text holds.
 */
export function sendAnswer<T, S extends ContentfulStatusCode>(
  c: Context<AppEnv>,
  answer: Answer,
): Response & TypedResponse<T, S, "json"> {
  const replayed: Record<string, string> = answer.replayed ? { "idempotency-replayed": "true" } : {};
  return sendJson<T, S>(c, answer.status as S, answer.body, { ...answer.headers, ...replayed });
}

/** Sends JSON text as it is. `T` tells the typed client what it holds. */
export function sendJson<T, S extends ContentfulStatusCode>(
  c: Context<AppEnv>,
  status: S,
  body: string,
  headers: Record<string, string>,
): Response & TypedResponse<T, S, "json"> {
  return c.body(body, status, { "content-type": "application/json", ...headers }) as unknown as Response &
    TypedResponse<T, S, "json">;
}

/** Sends JSON text under a tag, or 304 when the client has it. `T` tells the typed client what it holds. */
export function sendConditional<T>(
  c: Context<AppEnv>,
  body: string,
  headers: Record<string, string> & { etag: string },
): Response & TypedResponse<T, 200, "json"> {
  if (!ifNoneMatchHits(c.req.header("if-none-match"), headers.etag)) return sendJson<T, 200>(c, 200, body, headers);
  return c.body(null, 304, headers) as unknown as Response & TypedResponse<T, 200, "json">;
}
