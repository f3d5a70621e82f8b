const EXECUTES = new Set(["first", "run", "all", "raw"]);

/**
 * A database that does what `db` does and counts: `statements` as the platform's limit counts them (a batch of N is N),
 * `trips` as the wire does (a batch is one); `rowsRead` and
 * `rowsWritten` are what the database looked at and what it wrote in batches, entries of indexes included.
 */
export function countedDatabase(db: D1Database) {
  const counts = { statements: 0, trips: 0, rowsRead: 0, rowsWritten: 0 };
  const originals = new WeakMap<object, D1PreparedStatement>();

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
          return name === "bind" ? counted(result as D1PreparedStatement) : result;
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
          for (const { meta } of results) {
            counts.rowsRead += meta.rows_read;
            counts.rowsWritten += meta.rows_written;
          }
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
