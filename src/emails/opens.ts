import { isbot } from "isbot";
import type { Context } from "../context.ts";
import type { OpenedBy } from "../vocabulary/emails.ts";
import { isToken } from "./links.ts";

/** The smallest GIF that every mail program shows as nothing: one transparent pixel, 43 bytes. */
export const PIXEL = new Uint8Array(
  Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==", "base64"),
);

/** Mail programs that name themselves in a way that bot detection takes for a bot's. */
const MAIL_PROGRAM = /\b(Outlook|MSOffice|ms-office|Thunderbird|Airmail|Spark|eM Client|Lotus-Notes|Evolution)\b/i;

/**
 * Services that fetch the images of every mail, opened or not: Gmail's, Apple's and Yahoo's privacy proxies, and the
 * scanners that companies put before their mailboxes. When a mail arrives, Gmail poses as an old Edge with one word
 * more.
 */
const PREFETCHER =
  /GoogleImageProxy|Edge\/12\.246 (Mozilla|Gmail)|YahooMailProxy|Proofpoint|Mimecast|Barracuda|Symantec|MessageLabs|FireEye|Trellix|Trend ?Micro|Sophos|Forcepoint|Cisco|IronPort|SafeLinks|BitDefender|Kaspersky|Fortinet|Zscaler|Vade/i;

/** Apple's Mail Privacy Protection fetches with this and nothing more. */
const APPLE_PROXY = "Mozilla/5.0";

/**
 * Who is behind the request for a pixel, as far as its headers tell. `unknown` when they tell nothing.
 */
export function openedBy(headers: Headers): OpenedBy {
  const agent = headers.get("user-agent")?.trim() ?? "";
  const purpose = ["sec-purpose", "purpose", "x-purpose", "x-moz"].map((name) => headers.get(name) ?? "").join(" ");
  if (/prefetch|preview/i.test(purpose) || agent === APPLE_PROXY || PREFETCHER.test(agent)) return "machine";
  if (agent === "") return "unknown";
  if (MAIL_PROGRAM.test(agent)) return "person";
  return isbot(agent) ? "machine" : "person";
}

// What is known about a recipient only gets better: a machine that came first does not hide the person after it.
const COUNT_OPEN = `
  UPDATE email_history
  SET open_count = open_count + 1,
      opened_at  = COALESCE(opened_at, ?1),
      opened_by  = CASE WHEN 'person' IN (opened_by, ?2) THEN 'person'
                        WHEN 'unknown' IN (opened_by, ?2) THEN 'unknown' ELSE 'machine' END
  WHERE token = ?3`;

/** Counts an open. The first one's time stays; an unknown token changes nothing. */
export async function recordOpen(ctx: Context, token: string, by: OpenedBy): Promise<void> {
  if (!isToken(token)) return;
  await ctx.env.DB.prepare(COUNT_OPEN).bind(ctx.now().toISOString(), by, token).run();
}
