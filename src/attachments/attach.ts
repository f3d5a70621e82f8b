import type { ActorContext } from "../context.ts";
import { unchecked } from "../db/checked-database.ts";
import { isNotNullViolation, isUniqueViolation } from "../db/errors.ts";
import { newestId } from "../db/insert.ts";
import { selectAnswer } from "../db/json.ts";
import { hasRoom, tooMany } from "../db/maximum.ts";
import {
  type Answer,
  answerFromBatch,
  answerStatement,
  exactlyOnce,
  type IdempotencyRecord,
  replay,
  replayed,
  selectKept,
} from "../http/idempotency.ts";
import type { Upload } from "../http/upload.ts";
import { describeError } from "../log.ts";
import { AppError } from "../problem.ts";
import { addEntries } from "../tickets/entries.ts";
import { idOfRef } from "../tickets/read.ts";
import type { Ticket } from "../tickets/schemas.ts";
import { occurrence } from "../tickets/stated-instants.ts";
import { can } from "../vocabulary/roles.ts";
import { atOneInstant } from "../world.ts";
import { cleanFileName } from "./file-name.ts";
import { attachmentColumns } from "./list.ts";
import { ALLOWED_MEDIA, isMediaExtension, isThumbnail, sniff, THUMBNAIL_MEDIA } from "./media-type.ts";

/** Attachments of one ticket (contract section 1). */
export const ATTACHMENTS_MAX = 100;

/** Largest file in bytes (contract section 1). */
export const ATTACHMENT_LIMIT = 10 * 1024 * 1024;

/** Largest thumbnail in bytes (contract section 1). */
export const THUMBNAIL_LIMIT = 64 * 1024;

/** Where the thumbnail of an object is stored. */
export const thumbnailKey = (key: string): string => `${key}.thumbnail`;

// A ticket that was deleted in the meantime gives no ticket id here, and one that has the maximum of attachments no user
// id: NOT NULL refuses the row, and with it the batch.
const INSERT_ATTACHMENT = `
  INSERT INTO attachments (ticket_id, user_id, file_name, content_type, size_bytes, sha256, object_key, created_at,
                           thumbnail_type, width, height)
  VALUES ((SELECT id FROM tickets WHERE id = ?1 AND deleted_at IS NULL),
          iif(${hasRoom("attachments WHERE ticket_id = ?1", ATTACHMENTS_MAX)}, ?2, NULL), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`;

const ATTACHED = newestId("attachments");

const INSERT_TIMELINE = addEntries(
  {
    ticket_id: "a.ticket_id",
    user: "u",
    action: "'attached'",
    new_value: "CAST(a.id AS TEXT)",
    comment: "a.file_name",
    created_at: "a.created_at",
    occurred_at: "?",
  },
  `FROM attachments a JOIN users u ON u.id = a.user_id WHERE a.id = ${ATTACHED}`,
);

const TOUCH_TICKET = "UPDATE tickets SET version = version + 1, updated_at = ? WHERE id = ?";

const SELECT_ANSWER = selectAnswer(
  "attachment",
  attachmentColumns,
  `attachments WHERE id = ${ATTACHED}`,
  "'location', '/api/attachments/' || id",
);

interface Stored {
  ticketId: number;
  file_name: string;
  content_type: string;
  size_bytes: number;
  sha256: string;
  object_key: string;
  thumbnail_type: string | null;
  width: number | null;
  height: number | null;
  occurred_at: string | null;
}

/** What is sent with a file. */
export interface Attached {
  file: Upload;
  thumbnail: Upload | null;
  /** Of a picture, in pixels. */
  width?: number | null | undefined;
  height?: number | null | undefined;
  /** When it was taken, by our clock; absent: now. */
  occurred_at?: string | undefined;
}

async function write(base: ActorContext, file: Stored, record: IdempotencyRecord | null): Promise<Answer> {
  const ctx = atOneInstant(base);
  const { DB } = ctx.env;
  const at = ctx.now().toISOString();
  const { ticketId, file_name, content_type, size_bytes, sha256, object_key, occurred_at } = file;
  const { thumbnail_type, width, height } = file;
  try {
    const results = await DB.batch<{ headers: string; body: string }>([
      DB.prepare(INSERT_ATTACHMENT).bind(
        ticketId,
        ctx.actor.id,
        file_name,
        content_type,
        size_bytes,
        sha256,
        object_key,
        at,
        thumbnail_type,
        width,
        height,
      ),
      DB.prepare(INSERT_TIMELINE).bind(occurred_at),
      DB.prepare(TOUCH_TICKET).bind(at, ticketId),
      answerStatement(ctx, record, 201, SELECT_ANSWER),
    ]);
    return answerFromBatch(201, results);
  } catch (error) {
    if (isNotNullViolation(error, "attachments.ticket_id")) throw new AppError("ticket_not_found");
    if (isNotNullViolation(error, "attachments.user_id")) throw tooMany(ATTACHMENTS_MAX);
    // The object's name is random: it can only be this very batch, committed before its connection was lost.
    const committed = isUniqueViolation(error, "attachments.object_key") ? await replay(ctx, record) : null;
    if (!committed) throw error;
    return committed;
  }
}

/** Removes an object that no row names, and its thumbnail. Never throws: an object too many does less harm than one too few. */
async function discardUnused(ctx: ActorContext, key: string): Promise<void> {
  try {
    // When a connection was lost after the commit, the row is there after all.
    const row = await unchecked(ctx.env.DB)
      .prepare("SELECT id FROM attachments WHERE object_key = ?")
      .bind(key)
      .first();
    if (!row) await ctx.env.ATTACHMENTS.delete([key, thumbnailKey(key)]);
  } catch (error) {
    ctx.log.error("attachment_object_left", { object: key, ...describeError(error) });
  }
}

/** Stores the objects of an attachment: all of them, or none. */
async function put(ctx: ActorContext, key: string, objects: { key: string; upload: Upload; contentType: string }[]) {
  try {
    await Promise.all(
      objects.map((object) => {
        const { bytes, sha256 } = object.upload;
        const options = { sha256, httpMetadata: { contentType: object.contentType } };
        return ctx.env.ATTACHMENTS.put(object.key, bytes, options);
      }),
    );
  } catch (error) {
    ctx.log.error("attachment_put_failed", describeError(error));
    // Nobody knows how far it came.
    await discardUnused(ctx, key);
    throw new AppError("storage_unavailable", { headers: { "retry-after": "1" } });
  }
}

const notAllowed = (expected: string) => new AppError("unsupported_media_type", { params: { expected } });

/**
 * Attaches a file to a ticket: first the object, then, in one batch, all that names it. Whatever fails leaves neither.
 *
 * @returns 201 with `{"attachment": ...}`, or the first answer again when the idempotency key is a known one.
 * @throws AppError `empty_file`, `ticket_not_found`, `forbidden`, `value_not_accepted`, `too_many`, `unsupported_media_type`,
 *   `storage_unavailable`, `idempotency_key_reused`, `database_unavailable`.
 */
export async function attachFile(
  ctx: ActorContext,
  ref: string,
  { file: upload, thumbnail, width = null, height = null, occurred_at }: Attached,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  if (upload.bytes.length === 0) throw new AppError("empty_file");
  const { sql, params } = idOfRef(ref);
  const [kept, ticket] = await ctx.env.DB.batch([
    selectKept(ctx, record),
    ctx.env.DB.prepare(`SELECT id, reported_by, created_at FROM tickets WHERE id = ${sql}`).bind(...params),
  ]);
  const known = replayed(record, kept);
  if (known) return known;
  const [row] = (ticket?.results ?? []) as Pick<Ticket, "id" | "reported_by" | "created_at">[];
  if (!row) throw new AppError("ticket_not_found");
  if (row.reported_by !== ctx.actor.id && !can(ctx.actor.role, "tickets:attach")) {
    throw new AppError("forbidden", { params: { permission: "tickets:attach" } });
  }
  const taken = occurrence(ctx, row, occurred_at);
  const type = await sniff(upload.bytes);
  if (!type) throw notAllowed(ALLOWED_MEDIA);
  const small = thumbnail && (await sniff(thumbnail.bytes));
  if (thumbnail && !isThumbnail(small)) throw notAllowed(THUMBNAIL_MEDIA);

  const key = `attachments/${crypto.randomUUID()}`;
  await put(ctx, key, [
    { key, upload, contentType: type.content_type },
    ...(thumbnail && small ? [{ key: thumbnailKey(key), upload: thumbnail, contentType: small.content_type }] : []),
  ]);
  const file = {
    ticketId: row.id,
    file_name: cleanFileName(upload.name, type.extension, isMediaExtension),
    content_type: type.content_type,
    size_bytes: upload.bytes.length,
    sha256: upload.sha256,
    object_key: key,
    thumbnail_type: small?.content_type ?? null,
    width,
    height,
    occurred_at: taken.occurred_at,
  };
  let answer: Answer | null = null;
  try {
    answer = await exactlyOnce(ctx, record, () => write(ctx, file, record));
    return answer;
  } finally {
    // A replayed answer is a twin's, whose file is stored already, or our own after a lost connection.
    if (!answer || answer.replayed) await discardUnused(ctx, key);
  }
}
