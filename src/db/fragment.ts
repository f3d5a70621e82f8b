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

/** The assignments of an UPDATE. A column that is undefined is left as it is. */
export const assignments = (columns: Record<string, string | number | null | undefined>): Fragment[] =>
  Object.entries(columns).flatMap(([column, value]) =>
    value === undefined ? [] : [{ sql: `${column} = ?`, params: [value] }],
  );
