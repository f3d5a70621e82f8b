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
  const headers = { "content-type": "application/json", ...answer.headers };
  if (answer.replayed) Object.assign(headers, { "idempotency-replayed": "true" });
  return c.body(answer.body, answer.status as S, headers) as unknown as Response & TypedResponse<T, S, "json">;
}
