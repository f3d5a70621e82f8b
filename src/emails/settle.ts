import type { Context } from "../context.ts";
import { addEntries } from "../tickets/entries.ts";

/** How far back deliveries that were given up are looked for. */
const LOOK_BACK_MS = 24 * 60 * 60_000;

// ';' follows ':' in ASCII, so the range holds exactly the targets `email:<id>`. Of what has failed there is little; the
// targets of a channel are all that was ever sent by it.
const GIVEN_UP = `
  SELECT CAST(substr(target, 7) AS INTEGER) FROM deliveries INDEXED BY deliveries_failed
  WHERE status = 'failed' AND updated_at >= ? AND channel = 'email' AND target >= 'email:' AND target < 'email;'`;

/**
 * Part of the cron run of each minute: an e-mail whose delivery was given up without a word from its sender (the worker
 * died during the last try, or the database failed) is `failed` too, and the timeline of its ticket says so. May be
 * repeated.
 */
export async function settleEmails(ctx: Context): Promise<void> {
  const now = ctx.now();
  const since = new Date(now.getTime() - LOOK_BACK_MS).toISOString();
  const { DB } = ctx.env;
  await DB.batch([
    DB.prepare(
      addEntries(
        {
          ticket_id: "m.ticket_id",
          action: "'notification_failed'",
          new_value: "iif(m.template = 'message', 'email.message', 'ticket.' || m.template)",
          comment: "'interrupted'",
          created_at: "?",
        },
        `FROM email_history h JOIN email_messages m ON m.tracking_id = h.tracking_id
         WHERE h.status = 'queued' AND h.id IN (${GIVEN_UP})`,
      ),
    ).bind(now.toISOString(), since),
    DB.prepare(
      `UPDATE email_history SET status = 'failed', reason = 'interrupted' WHERE status = 'queued' AND id IN (${GIVEN_UP})`,
    ).bind(since),
  ]);
}
