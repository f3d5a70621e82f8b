import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../context.ts";
import { AppError } from "../problem.ts";

/** Characters of a header that a handler reads by itself. */
export const HEADER_MAX = 1000;

/**
 * Refuses headers that are longer than anything they could mean.
 *
 * @throws AppError `validation_failed`.
 */
export const boundedHeaders = (names: string[]) =>
  createMiddleware<AppEnv>(async (c, next) => {
    const long = names.filter((name) => (c.req.header(name)?.length ?? 0) > HEADER_MAX);
    if (long.length > 0) {
      const errors = long.map((path) => ({ path, message: `must have at most ${HEADER_MAX} characters` }));
      throw new AppError("validation_failed", { params: { fields: long.join(", ") }, errors });
    }
    await next();
  });
