import { Hono } from "hono";
import type { AppEnv } from "../context.ts";
import { AppError, isProblemCode } from "../problem.ts";
import { PROBLEM_PAGE_POLICY, problemList, problemPage } from "./page.ts";

/** The pages that `type` of a problem document points to (RFC 9457 section 3.1.1), in the reader's language. */
export const problemRoutes = new Hono<AppEnv>()
  .use(async (c, next) => {
    await next();
    c.header("vary", "Accept-Language");
    c.header("content-language", c.get("ctx").locale);
  })
  .get("/", (c) => c.html(problemList(c.get("ctx").locale), 200, { "content-security-policy": PROBLEM_PAGE_POLICY }))
  .get("/:code", (c) => {
    const code = c.req.param("code");
    if (!isProblemCode(code)) throw new AppError("not_found");
    return c.html(problemPage(c.get("ctx").locale, code), 200, { "content-security-policy": PROBLEM_PAGE_POLICY });
  });
