import { type Context, Hono } from "hono";
import type { AppEnv } from "../context.ts";
import { PAGES } from "../web/pages.ts";

/**
 * The app's one HTML file, whichever of its pages is asked for; the router in it shows the right one. Its headers, the
 * policy on what it may load among them, come with the file (`src/web/public/_headers`).
 */
async function app(c: Context<AppEnv>): Promise<Response> {
  const known = c.req.header("if-none-match");
  const headers: Record<string, string> = known ? { "if-none-match": known } : {};
  const page = await c.env.ASSETS.fetch(new URL("/", c.req.url), { headers });
  // The headers of an asset cannot be added to; those of a copy can.
  return new Response(page.body, page);
}

/**
 * What a person sees who opens an address that is none: the app, which says so in their language, as 404. null for
 * whatever a browser fetches otherwise, and for the API: they get a problem.
 */
export async function missingPage(c: Context<AppEnv>): Promise<Response | null> {
  if (c.req.header("sec-fetch-dest") !== "document" || c.req.path.startsWith("/api/")) return null;
  const page = await c.env.ASSETS.fetch(new URL("/", c.req.url));
  const headers = new Headers(page.headers);
  headers.delete("etag");
  headers.set("cache-control", "no-store");
  return new Response(page.body, { status: 404, headers });
}

/**
 * The pages of the app. They are routes, and not what is answered where nothing else is found: a browser that asks for
 * a script of an older version gets 404, and keeps no page under the script's name.
 */
export const pageRoutes = new Hono<AppEnv>();
for (const { path } of Object.values(PAGES)) pageRoutes.get(path, app);
