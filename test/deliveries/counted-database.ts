const EXECUTES = new Set(["first", "run", "all", "raw"]);
const TELLS = new Set(["run", "all"]);

/** What one statement has looked at and written. */
export interface StatementCost {
  sql: string;
  rowsRead: number;
  rowsWritten: number;
}

/**
 * A database that does what `db` does and counts: `statements` as the platform's limit counts them (a batch of N is N),
 * `trips` as the wire does (a batch is one); `rowsRead` and `rowsWritten` are what the database looked at and what it
 * wrote, entries of indexes included.
 */
export function countedDatabase(db: D1Database) {
  const counts = { statements: 0, trips: 0, rowsRead: 0, rowsWritten: 0 };
  const costs: StatementCost[] = [];
  const originals = new WeakMap<object, { statement: D1PreparedStatement; sql: string }>();
  const noted = <Result extends D1Result>(sql: string, result: Result): Result => {
    const { rows_read: rowsRead, rows_written: rowsWritten } = result.meta;
    counts.rowsRead += rowsRead;
    counts.rowsWritten += rowsWritten;
    costs.push({ sql, rowsRead, rowsWritten });
    return result;
  };

  const counted = (sql: string, statement: D1PreparedStatement): D1PreparedStatement => {
    // `first` keeps to itself what it cost, so `all` is asked in its place.
    const first = async (column?: string): Promise<unknown> => {
      const [row] = noted(sql, await statement.all<Record<string, unknown>>()).results;
      return row === undefined ? null : column === undefined ? row : row[column];
    };
    // `raw` does, too: what it reads, the query builder's SELECT, is asked for twice.
    const raw = async (options: { columnNames?: false }): Promise<unknown> => {
      noted(sql, await statement.all());
      return statement.raw(options);
    };
    const proxy = new Proxy(statement, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...args: unknown[]): unknown => {
          if (EXECUTES.has(String(name))) {
            counts.statements++;
            counts.trips++;
          }
          if (name === "first") return first(args[0] as string | undefined);
          if (name === "raw") return raw(args[0] as { columnNames?: false });
          const result: unknown = Reflect.apply(member, target, args);
          if (name === "bind") return counted(sql, result as D1PreparedStatement);
          return TELLS.has(String(name)) ? (result as Promise<D1Result>).then((told) => noted(sql, told)) : result;
        };
      },
    });
    originals.set(proxy, { statement, sql });
    return proxy;
  };

  const database = new Proxy(db, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      if (name === "prepare") return (sql: string) => counted(sql, target.prepare(sql));
      if (name === "batch") {
        return async (batch: D1PreparedStatement[]) => {
          counts.statements += batch.length;
          counts.trips++;
          const known = batch.map((statement) => originals.get(statement) ?? { statement, sql: "" });
          const results = await target.batch(known.map(({ statement }) => statement));
          return results.map((result, index) => noted(known[index]?.sql ?? "", result));
        };
      }
      return member.bind(target) as unknown;
    },
  });

  return {
    database,
    /** What each statement has cost since the last call, in order. */
    costs: () => costs.splice(0),
    /** What was counted since the last call. */
    take() {
      const taken = { ...counts };
      costs.length = 0;
      Object.assign(counts, { statements: 0, trips: 0, rowsRead: 0, rowsWritten: 0 });
      return taken;
    },
  };
}
