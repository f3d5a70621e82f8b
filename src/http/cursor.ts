import { z } from "@hono/zod-openapi";
import { AppError } from "../problem.ts";

/** Entries of a page (contract section 1). */
export const PAGE_MAX = 100;

/** A cursor as a query parameter. */
export const cursorText = z.string().min(1).max(500);

/** Query parameters of every list (contract section 1). */
export const pageQuery = {
  limit: z
    .string()
    .regex(/^[0-9]{1,3}$/, "must be a number from 1 to 100")
    .transform(Number)
    .refine((value) => value >= 1 && value <= PAGE_MAX, "must be a number from 1 to 100")
    .default(50)
    .openapi({ type: "integer", minimum: 1, maximum: PAGE_MAX, default: 50 }),
  cursor: cursorText.optional().openapi({ description: "`next_cursor` of the page before." }),
};

type CursorKey = (string | number | null | CursorKey)[];

/**
 * Packs the sort key of a page's last row into an opaque text.
 *
 * @param list what the list holds: a place in one list is none in another.
 */
export const encodeCursor = (list: string, key: CursorKey): string =>
  Buffer.from(JSON.stringify([list, key]), "utf8").toString("base64url");

/**
 * Unpacks a cursor.
 *
 * @throws AppError `invalid_cursor` for anything that `encodeCursor` has not made for this list and schema.
 */
export function decodeCursor<T>(list: string, cursor: string | undefined, schema: z.ZodType<T>): T | null {
  if (cursor === undefined) return null;
  try {
    const text = Buffer.from(cursor, "base64url").toString("utf8");
    return z.tuple([z.literal(list), schema]).parse(JSON.parse(text))[1];
  } catch {
    throw new AppError("invalid_cursor");
  }
}

/**
 * Cuts `limit + 1` fetched rows to a page and tells where the next one starts.
 *
 * @param list as in `encodeCursor`.
 * @param key the sort key of a row, ending in its id so that it is unique.
 */
export function paginate<Row>(list: string, rows: Row[], limit: number, key: (row: Row) => (string | number)[]) {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, next_cursor: rows.length > limit && last ? encodeCursor(list, key(last)) : null };
}

/**
 * The id in a cursor of a list that is in the order of its ids.
 *
 * @throws AppError `invalid_cursor`.
 */
export const decodeId = (list: string, cursor: string | undefined): number | null =>
  decodeCursor(list, cursor, z.tuple([z.int().positive()]))?.[0] ?? null;

/** `paginate` for a list that is in the order of its ids. */
export const paginateById = <Row extends { id: number }>(list: string, rows: Row[], limit: number) =>
  paginate(list, rows, limit, (row) => [row.id]);

/**
 * The `Link` header of a page (RFC 8288), or nothing where there is no other page.
 *
 * @param previous_cursor for a list that is read backwards, too, by `before`.
 */
export function linkHeader(
  requestUrl: string,
  next_cursor: string | null,
  previous_cursor: string | null = null,
): Record<string, string> {
  const link = (rel: string, parameter: string, cursor: string | null): string[] => {
    if (!cursor) return [];
    const url = new URL(requestUrl);
    for (const other of ["cursor", "before"]) if (other !== parameter) url.searchParams.delete(other);
    url.searchParams.set(parameter, cursor);
    return [`<${url.href}>; rel="${rel}"`];
  };
  const links = [...link("next", "cursor", next_cursor), ...link("prev", "before", previous_cursor)];
  return links.length > 0 ? { link: links.join(", ") } : {};
}
