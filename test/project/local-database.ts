import { getPlatformProxy, unstable_splitSqlQuery } from "wrangler";

type Row = Record<string, unknown>;

export interface LocalDatabase {
  /** Applies migrations as `wrangler d1 migrations apply` does: each in one batch. */
  migrate(...migrations: string[]): Promise<void>;
  execute(...statements: string[]): Promise<void>;
  query(sql: string): Promise<Row[]>;
  close(): Promise<void>;
}

// The tests' own database needs no secrets, and wrangler would warn of each.
process.env.WRANGLER_LOG = "none";

/** An empty local D1, of workerd, that nobody else sees. */
export async function localDatabase(): Promise<LocalDatabase> {
  const { env, dispose } = await getPlatformProxy<{ DB: D1Database }>({ persist: false });
  const execute = async (...statements: string[]) => {
    await env.DB.batch(statements.map((statement) => env.DB.prepare(statement)));
  };
  return {
    execute,
    migrate: async (...migrations) => {
      for (const migration of migrations) await execute(...unstable_splitSqlQuery(migration));
    },
    query: async (sql) => (await env.DB.prepare(sql).all<Row>()).results,
    close: dispose,
  };
}
