import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context as HonoContext } from "hono";
import type { AppEnv } from "../context.ts";
import { describeError } from "../log.ts";
import { openedBy, PIXEL, recordOpen } from "./opens.ts";
import { optOut, optOutAddress } from "./opt-out.ts";
import { OPT_OUT_PAGE_POLICY, optOutPage } from "./opt-out-page.ts";

const tags = ["E-mails"];
// Anybody may come here, without signing in.
const security: [] = [];

const pixel = createRoute({
  method: "get",
  path: "/t/{token}",
  tags,
  security,
  summary: "The pixel of an e-mail",
  description:
    "`/t/<token>.gif`, always the same 43 bytes. Counts an open of the mail that the token belongs to; HEAD does not.",
  request: { params: z.object({ token: z.string().openapi({ param: { name: "token", in: "path" } }) }) },
  responses: {
    200: { description: "The pixel", content: { "image/gif": { schema: z.string().openapi({ format: "binary" }) } } },
  },
});

const linkParam = z.object({
  link: z.string().openapi({ param: { name: "link", in: "path" } }),
});
const page = (description: string) => ({ description, content: { "text/html": { schema: z.string() } } });

const ask = createRoute({
  method: "get",
  path: "/u/{link}",
  tags,
  security,
  summary: "The page behind an opt-out link",
  description: "Asks; scanners that follow every link change nothing.",
  request: { params: linkParam },
  responses: { 200: page("The question"), 404: page("The link is not valid") },
});

const confirm = createRoute({
  method: "post",
  path: "/u/{link}",
  tags,
  security,
  summary: "Opt out of e-mails, with one click (RFC 8058)",
  request: { params: linkParam },
  responses: { 200: page("Done; may be repeated"), 404: page("The link is not valid") },
});

/** Answers with the page behind an opt-out link, in the reader's language. */
function answerPage(c: HonoContext<AppEnv>, state: "ask" | "done" | "unknown") {
  const headers = { "content-security-policy": OPT_OUT_PAGE_POLICY, "cache-control": "no-store" };
  return c.html(optOutPage(c.get("ctx").locale, state), state === "unknown" ? 404 : 200, headers);
}

/** What people who get e-mails meet: mounted at the root. */
export const publicEmailRoutes = new OpenAPIHono<AppEnv>()
  .openapi(pixel, (c) => {
    const ctx = c.get("ctx");
    if (c.req.method !== "HEAD") {
      const token = c.req.valid("param").token.replace(/\.gif$/, "");
      // The picture does not wait for the count, and comes also when counting fails.
      const counted = recordOpen(ctx, token, openedBy(c.req.raw.headers));
      ctx.waitUntil(counted.catch((error: unknown) => ctx.log.error("open_not_counted", describeError(error))));
    }
    return c.body(PIXEL, 200, { "content-type": "image/gif", "cache-control": "no-store" });
  })
  .openapi(ask, async (c) => {
    const address = await optOutAddress(c.get("ctx"), c.req.valid("param").link);
    return answerPage(c, address ? "ask" : "unknown");
  })
  .openapi(confirm, async (c) => {
    const ctx = c.get("ctx");
    const address = await optOutAddress(ctx, c.req.valid("param").link);
    if (address) await optOut(ctx, address);
    return answerPage(c, address ? "done" : "unknown");
  });
