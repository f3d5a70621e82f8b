import type { Actor } from "../actor.ts";
import type { RequestContext } from "../context.ts";
import type { Check } from "../db/checked-database.ts";
import { users } from "../db/schema.ts";
import { describeError } from "../log.ts";

/** What a request shows for itself, before anybody knows whether it is worth anything. */
export interface Credential {
  /** Where the isolate remembers whose it was: the database's own name of it. */
  name: string;
  /** Whose it says it is, where it says so. */
  presumed: Actor | null;
  /** Asks the database whose it is; null when it is nobody's. One trip. */
  find(): Promise<Actor | null>;
  /** What each trip of the request asks: does it still hold, and the first time also, is it this person's? */
  check(actor: Actor): Check;
}

/** Columns that an actor is read from. */
export const actorColumns = {
  id: users.id,
  name: users.name,
  email: users.email,
  role: users.role,
  language: users.language,
};

/** SQL: the person `u` is as presumed; see `personParams`. */
export const IS_PERSON = "(u.id, u.name, u.email, u.role, u.language) IS (?, ?, ?, ?, ?)";
export const personParams = ({ id, name, email, role, language }: Actor) => [id, name, email, role, language];

/** Notes that a credential is in use, beside the request: no answer waits for that, or fails with it. */
export function noteBeside(ctx: RequestContext, statement: D1PreparedStatement): void {
  ctx.waitUntil(statement.run().catch((error: unknown) => ctx.log.error("use_not_noted", describeError(error))));
}
