export const LOST_CONNECTION = "D1_ERROR: Network connection lost";

/** Whether a batch holds a statement that writes. */
export const isWriting = (batch: D1PreparedStatement[]): boolean =>
  batch.some((statement) => /^\s*(INSERT|UPDATE|DELETE)\b/.test(String(Reflect.get(statement, "statement"))));

/**
 * A database whose connection breaks during the next `times` batches that write; reads come through.
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
        if (!isWriting(statements)) return target.batch(statements);
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
