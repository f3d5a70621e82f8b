import { is, SQL, sql } from "drizzle-orm";
import { type AnyD1Database, type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { Env } from "../env.ts";

/** The query builder: it reads, and writes nothing (docs/decisions/sql-and-query-builder.md). */
export type Database = Pick<DrizzleD1Database, "select" | "batch">;

type Fields = Record<string, unknown>;

/**
 * The same selection with each column named after its member. A batch gives rows as objects, in which columns of equal
 * names, such as the ids of two joined tables, would be one.
 */
const named = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      if (is(field, SQLiteColumn)) return [name, sql`${field}`.mapWith(field).as(name)];
      if (is(field, SQL)) return [name, field.as(name)];
      throw new Error(`${name} is neither a column nor SQL`);
    }),
  );

const builders = new WeakMap<Env["DB"], Database>();

/** The query builder over a database, made once for each. */
export function queryBuilder(database: Env["DB"]): Database {
  let builder = builders.get(database);
  if (!builder) {
    const db = drizzle(database as AnyD1Database);
    const select = (fields?: Fields) => (fields ? db.select(named(fields) as never) : db.select());
    builder = { select: select as Database["select"], batch: (queries) => db.batch(queries) };
    builders.set(database, builder);
  }
  return builder;
}
