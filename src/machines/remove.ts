import type { Context } from "../context.ts";
import { AppError } from "../problem.ts";
import { HAS_HISTORY } from "./conditions.ts";

/**
 * Takes a machine out of use (contract section 3): one with tickets or a timeline is retired and keeps its history,
 * one without is erased. Both in one batch, so that a ticket created meanwhile finds the machine or does not.
 *
 * @throws AppError `machine_not_found`, also for a retired one.
 */
export async function removeMachine(ctx: Context, id: number): Promise<void> {
  const now = ctx.now().toISOString();
  const { DB } = ctx.env;
  const results = await DB.batch<{ id: number }>([
    DB.prepare(
      `UPDATE machines SET retired_at = ?, updated_at = ?
       WHERE id = ? AND retired_at IS NULL AND ${HAS_HISTORY} RETURNING id`,
    ).bind(now, now, id),
    DB.prepare(`DELETE FROM machines WHERE id = ? AND retired_at IS NULL AND NOT ${HAS_HISTORY} RETURNING id`).bind(id),
  ]);
  if (results.every(({ results }) => results.length === 0)) throw new AppError("machine_not_found");
}
