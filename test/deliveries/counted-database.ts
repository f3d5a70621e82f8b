const EXECUTES = new Set(["first", "run", "all", "raw"]);
const TELLS = new Set(["run", "all"]);

/**
 * A database that does what `db` does and counts: `statements` as the platform's limit counts them (a batch of N is N),
 * `trips` as the wire does (a batch is one); `rowsRead` and `rowsWritten` are what the database looked at and what it
 * wrote, entries of indexes included, as far as it says so (not to `first` and `raw`).
 */
export function countedDatabase(db: D1Database) {
  const counts = { statements: 0, trips: 0, rowsRead: 0, rowsWritten: 0 };
  const originals = new WeakMap<object, D1PreparedStatement>();
  const noted = (result: D1Result): D1Result => {
    counts.rowsRead += result.meta.rows_read;
    counts.rowsWritten += result.meta.rows_written;
    return result;
  };

  const counted = (statement: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(statement, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...args: unknown[]): unknown => {
          if (EXECUTES.has(String(name))) {
            counts.statements++;
            counts.trips++;
          }
          const result: unknown = Reflect.apply(member, target, args);
          if (name === "bind") return counted(result as D1PreparedStatement);
          return TELLS.has(String(name)) ? (result as Promise<D1Result>).then(noted) : result;
        };
      },
    });
    originals.set(proxy, statement);
    return proxy;
  };

  const database = new Proxy(db, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      if (name === "prepare") return (sql: string) => counted(target.prepare(sql));
      if (name === "batch") {
        return async (batch: D1PreparedStatement[]) => {
          counts.statements += batch.length;
          counts.trips++;
          const results = await target.batch(batch.map((statement) => originals.get(statement) ?? statement));
          results.forEach(noted);
          return results;
        };
      }
      return member.bind(target) as unknown;
    },
  });

  return {
    database,
    /** What was counted since the last call. */
    take() {
      const taken = { ...counts };
      Object.assign(counts, { statements: 0, trips: 0, rowsRead: 0, rowsWritten: 0 });
      return taken;
    },
  };
}
