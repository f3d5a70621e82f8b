import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../context.ts";

const CLIENT_ID = /^[\w\-=]{1,255}$/;

/** The id that a client gave its request in `X-Request-Id`; null when there is none that is harmless to log. */
export const clientRequestId = (header: string | undefined): string | null =>
  header !== undefined && CLIENT_ID.test(header) ? header : null;

/**
 * Gives each request an id of ours, which nobody outside can choose, and answers it in `X-Request-Id`. The client's own
 * is answered beside it in `X-Client-Request-Id`.
 */
export const requestIds = createMiddleware<AppEnv>(async (c, next) => {
  const id = crypto.randomUUID();
  const theirs = clientRequestId(c.req.header("x-request-id"));
  c.set("requestId", id);
  await next();
  c.res.headers.set("x-request-id", id);
  if (theirs) c.res.headers.set("x-client-request-id", theirs);
});
