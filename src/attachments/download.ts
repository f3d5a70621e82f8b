import { and, eq, isNull } from "drizzle-orm";
import type { Context } from "../context.ts";
import { attachments, tickets } from "../db/schema.ts";
import { contentDisposition } from "../http/content-disposition.ts";
import { ifNoneMatchHits } from "../http/etag.ts";
import { byteRange } from "../http/range.ts";
import { describeError } from "../log.ts";
import { AppError } from "../problem.ts";
import { thumbnailKey } from "./attach.ts";
import { dispositionOf } from "./media-type.ts";

/** What a client already has and what it wants, as its headers say. */
export interface DownloadRequest {
  id: number;
  range?: string | undefined;
  ifRange?: string | undefined;
  ifNoneMatch?: string | undefined;
  /** HEAD: the headers alone. */
  headersOnly: boolean;
}

export interface Download {
  status: 200 | 206 | 304;
  headers: Record<string, string>;
  body: ReadableStream | null;
}

/** What is attached never changes. */
const CACHE_CONTROL = "private, max-age=31536000, immutable";

/** Should a browser ever render a file by itself, it may run nothing and fetch nothing. */
const CONTENT_SECURITY_POLICY = "sandbox; default-src 'none'";

async function open(ctx: Context, key: string, range: R2Range | undefined): Promise<ReadableStream> {
  let object: R2ObjectBody | null;
  try {
    object = await ctx.env.ATTACHMENTS.get(key, range ? { range } : {});
  } catch (error) {
    ctx.log.error("attachment_get_failed", describeError(error));
    throw new AppError("storage_unavailable", { headers: { "retry-after": "1" } });
  }
  if (!object) {
    ctx.log.error("attachment_object_missing", { object: key });
    throw new AppError("attachment_not_found");
  }
  return object.body;
}

/** What is stored of an attachment. @throws AppError `attachment_not_found`, also when its ticket is deleted. */
async function find(ctx: Context, id: number) {
  const [row] = await ctx.db
    .select({
      file_name: attachments.file_name,
      content_type: attachments.content_type,
      size_bytes: attachments.size_bytes,
      sha256: attachments.sha256,
      object_key: attachments.object_key,
      thumbnail_type: attachments.thumbnail_type,
    })
    .from(attachments)
    .innerJoin(tickets, eq(tickets.id, attachments.ticket_id))
    .where(and(eq(attachments.id, id), isNull(tickets.deleted_at)))
    .limit(1);
  if (!row) throw new AppError("attachment_not_found");
  return row;
}

/**
 * A stored file, or the part that a player asks for (RFC 9110 sections 13 and 14), as a stream.
 *
 * @throws AppError `attachment_not_found`, also when its ticket is deleted; `range_not_satisfiable`,
 *   `storage_unavailable`.
 */
export async function downloadAttachment(ctx: Context, request: DownloadRequest): Promise<Download> {
  const row = await find(ctx, request.id);
  const tag = `"${row.sha256}"`;
  const headers: Record<string, string> = { etag: tag, "cache-control": CACHE_CONTROL };
  if (ifNoneMatchHits(request.ifNoneMatch, tag)) return { status: 304, headers, body: null };

  const size = row.size_bytes;
  const wanted = request.ifRange === undefined || request.ifRange === tag ? request.range : undefined;
  const range = byteRange(wanted, size);
  if (range === "unsatisfiable") {
    throw new AppError("range_not_satisfiable", { headers: { "content-range": `bytes */${size}` } });
  }
  Object.assign(headers, {
    "accept-ranges": "bytes",
    "content-type": row.content_type,
    "content-length": String(range?.length ?? size),
    "content-disposition": contentDisposition(dispositionOf(row.content_type), row.file_name),
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    ...(range && { "content-range": `bytes ${range.offset}-${range.offset + range.length - 1}/${size}` }),
  });
  const body = request.headersOnly ? null : await open(ctx, row.object_key, range ?? undefined);
  return { status: range ? 206 : 200, headers, body };
}

/**
 * The thumbnail of a stored file, as a stream.
 *
 * @throws AppError `attachment_not_found`, also where there is none; `storage_unavailable`.
 */
export async function downloadThumbnail(
  ctx: Context,
  { id, ifNoneMatch, headersOnly }: Omit<DownloadRequest, "range" | "ifRange">,
): Promise<Download> {
  const { sha256, object_key, thumbnail_type } = await find(ctx, id);
  if (thumbnail_type === null) throw new AppError("attachment_not_found");
  const tag = `"${sha256}-thumbnail"`;
  const headers = { etag: tag, "cache-control": CACHE_CONTROL };
  if (ifNoneMatchHits(ifNoneMatch, tag)) return { status: 304, headers, body: null };
  return {
    status: 200,
    headers: {
      ...headers,
      "content-type": thumbnail_type,
      "content-security-policy": CONTENT_SECURITY_POLICY,
      "x-content-type-options": "nosniff",
    },
    body: headersOnly ? null : await open(ctx, thumbnailKey(object_key), undefined),
  };
}
