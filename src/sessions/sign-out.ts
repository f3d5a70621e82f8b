import type { ActorContext } from "../context.ts";

/** Ends the actor's session, and with it the devices it has registered: a phone that is handed on must not buzz on. */
export async function signOut(ctx: ActorContext): Promise<void> {
  const { sessionId } = ctx.actor;
  if (sessionId === null) return;
  const { DB } = ctx.env;
  await DB.batch([
    DB.prepare("DELETE FROM push_subscriptions WHERE session_id = ?").bind(sessionId),
    DB.prepare("DELETE FROM sessions WHERE id = ?").bind(sessionId),
  ]);
}
