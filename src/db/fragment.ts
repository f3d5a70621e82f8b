import { type SQL, sql } from "drizzle-orm";

/** A piece of SQL, and what its placeholders, all of them `?`, are bound to. */
export interface Fragment {
  sql: string;
  params: (string | number | null)[];
}

/** Pieces one after the other. */
export const joined = (separator: string, fragments: Fragment[]): Fragment => ({
  sql: fragments.map(({ sql }) => sql).join(separator),
  params: fragments.flatMap(({ params }) => params),
});

/** A piece for the query builder. */
export const forBuilder = (fragment: Fragment): SQL =>
  sql.join(
    fragment.sql.split("?").map((text, index) => {
      return index === 0 ? sql.raw(text) : sql`${fragment.params[index - 1]}${sql.raw(text)}`;
    }),
  );

/** The assignments of an UPDATE. A column that is undefined is left as it is. */
export const assignments = (columns: Record<string, string | number | null | undefined>): Fragment[] =>
  Object.entries(columns).flatMap(([column, value]) =>
    value === undefined ? [] : [{ sql: `${column} = ?`, params: [value] }],
  );
