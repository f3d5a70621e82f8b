import type { Context, TypedResponse } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { AppEnv } from "../context.ts";
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

/** 304, typed as the answer that the client has already. */
export const sendNotModified = <T>(c: Context<AppEnv>, headers: Record<string, string>) =>
  c.body(null, 304, headers) as unknown as Response & TypedResponse<T, 200, "json">;
