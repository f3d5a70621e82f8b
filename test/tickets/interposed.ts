import { env } from "cloudflare:workers";

/** The database, where `act` takes place once, just before the first batch is written. */
export function interposed(act: () => Promise<unknown>): D1Database {
  let done = false;
  return new Proxy(env.DB, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      if (name !== "batch") return member.bind(target);
      return async (statements: D1PreparedStatement[]) => {
        if (!done) {
          done = true;
          await act();
        }
        return target.batch(statements);
      };
    },
  });
}
