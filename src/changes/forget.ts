import type { Context } from "../context.ts";

/** Changes that whoever comes back can still be told of. */
export const CHANGES_KEPT = 100_000;
/** Rows removed per run. */
const FORGOTTEN_ROWS = 5000;

/**
 * Removes changes that nobody follows any more, the oldest first. The newest stay: their numbers go on from there.
 *
 * @returns whether more is left than one run removes.
 */
export async function forgetChanges(ctx: Context): Promise<boolean> {
  const { meta } = await ctx.env.DB.prepare(
    `DELETE FROM document_changes WHERE seq IN (
       SELECT seq FROM document_changes WHERE seq <= (SELECT MAX(seq) FROM document_changes) - ? ORDER BY seq LIMIT ?)`,
  )
    .bind(CHANGES_KEPT, FORGOTTEN_ROWS)
    .run();
  return meta.changes >= FORGOTTEN_ROWS;
}
