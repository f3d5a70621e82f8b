import type { DatabaseSync, SQLInputValue } from "node:sqlite";

export type Row = Record<string, SQLInputValue>;

/** A database that is being filled. */
export interface Filling {
  /** An instant so many minutes ago. */
  at(minutesAgo: number): string;
  insert(table: string, rows: Row[]): void;
}

/** Fills a database as of `now`. */
export const filling = (db: DatabaseSync, now: Date): Filling => ({
  at: (minutesAgo) => new Date(now.getTime() - minutesAgo * 60_000).toISOString(),
  insert(table, rows) {
    const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const statement = db.prepare(`INSERT INTO ${table} (${names}) VALUES (${names.map(() => "?")})`);
    for (const row of rows) statement.run(...names.map((name) => row[name] ?? null));
  },
});

export const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
