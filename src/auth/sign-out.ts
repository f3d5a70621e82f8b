import { eq } from "drizzle-orm";
import type { ActorContext } from "../context.ts";
import { push_subscriptions, sessions } from "../db/schema.ts";

/** Ends the actor's session, and with it the devices it has registered: a phone that is handed on must not buzz on. */
export async function signOut(ctx: ActorContext): Promise<void> {
  const { sessionId } = ctx.actor;
  if (sessionId === null) return;
  await ctx.db.batch([
    ctx.db.delete(push_subscriptions).where(eq(push_subscriptions.session_id, sessionId)),
    ctx.db.delete(sessions).where(eq(sessions.id, sessionId)),
  ]);
}
