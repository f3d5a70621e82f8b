export const LOST_CONNECTION = "D1_ERROR: Network connection lost";

/**
 * A database whose connection breaks during the next `times` batches.
 *
 * @param moment `"after commit"`: the batch has taken place, only its answer is lost.
 */
export function breakingConnection(db: D1Database, moment: "before" | "after commit", times = 1) {
  let left = times;
  let batches = 0;
  const database = new Proxy(db, {
    get(target, name) {
      if (name !== "batch") {
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      }
      return async (statements: D1PreparedStatement[]) => {
        batches++;
        if (left === 0) return target.batch(statements);
        left--;
        if (moment === "after commit") await target.batch(statements);
        throw new Error(LOST_CONNECTION);
      };
    },
  });
  return { database, batches: () => batches };
}
