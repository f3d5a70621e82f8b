import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { sendConditional } from "../http/answer.ts";
import { linkHeader } from "../http/cursor.ts";
import { bodyEtag } from "../http/etag.ts";
import { pageBody, type TicketPage } from "./list.ts";
import type { TicketListOutput } from "./schemas.ts";

/** Sends a page whose tickets are JSON text already, or 304 when the client has it. */
export function sendPage(c: Context<AppEnv>, page: TicketPage) {
  const body = pageBody(page);
  const headers = { etag: bodyEtag(body), ...linkHeader(c.req.url, page.next_cursor) };
  return sendConditional<z.output<typeof TicketListOutput>>(c, body, headers);
}
