import { Hono, type Context as HonoContext } from "hono";
import type { AppEnv } from "../context.ts";
import { describeError } from "../log.ts";
import { openedBy, PIXEL, recordOpen } from "./opens.ts";
import { optOut, optOutAddress } from "./opt-out.ts";
import { OPT_OUT_PAGE_POLICY, optOutPage } from "./opt-out-page.ts";

/** Answers with the page behind an opt-out link, in the reader's language. */
function answerPage(c: HonoContext<AppEnv>, state: "ask" | "done" | "unknown") {
  const headers = { "content-security-policy": OPT_OUT_PAGE_POLICY, "cache-control": "no-store" };
  return c.html(optOutPage(c.get("ctx").locale, state), state === "unknown" ? 404 : 200, headers);
}

/**
 * What people who get e-mails meet, without signing in: mounted at the root, and no part of the API. Mail programs and
 * scanners add query parameters of their own to these addresses; they are passed over.
 */
export const publicEmailRoutes = new Hono<AppEnv>()
  // `/t/<token>.gif`, always the same picture: counts an open of the mail that the token belongs to; HEAD does not.
  .get("/t/:token", (c) => {
    const ctx = c.get("ctx");
    if (c.req.method !== "HEAD") {
      const token = c.req.param("token").replace(/\.gif$/, "");
      // The picture does not wait for the count, and comes also when counting fails.
      const counted = recordOpen(ctx, token, openedBy(c.req.raw.headers));
      ctx.waitUntil(counted.catch((error: unknown) => ctx.log.error("open_not_counted", describeError(error))));
    }
    return c.body(PIXEL, 200, { "content-type": "image/gif", "cache-control": "no-store" });
  })
  // Asks; scanners that follow every link change nothing.
  .get("/u/:link", async (c) => {
    const address = await optOutAddress(c.get("ctx"), c.req.param("link"));
    return answerPage(c, address ? "ask" : "unknown");
  })
  // One click (RFC 8058); may be repeated.
  .post("/u/:link", async (c) => {
    const ctx = c.get("ctx");
    const address = await optOutAddress(ctx, c.req.param("link"));
    if (address) await optOut(ctx, address);
    return answerPage(c, address ? "done" : "unknown");
  });
