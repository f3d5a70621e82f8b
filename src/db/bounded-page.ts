import type { Fragment } from "./fragment.ts";

type Param = string | number | null;

/** Rows that stand together in an index, or all of a table in the order of its ids. */
export interface Part {
  /** A table with its alias, and the index that it is read by. */
  from: Fragment;
  /** What the index finds them by. */
  conditions: Fragment[];
  /** All of them have this value in the first column of the key. */
  first?: number;
}

export interface BoundedPage {
  /** SQL of the row's id. */
  id: string;
  /** SQL of the key that the list is in the order of; no two rows have the same one. */
  key: string[];
  direction: "ASC" | "DESC";
  /** Parts that are in this order by themselves: together they hold whatever the list asks for. */
  scans: Part[];
  /** What is left to be tested along a scan; with any, there is one scan. */
  tests: Fragment[];
  /** Parts that hold whatever the list asks for as well, in any order: the first that turns out to be small is read whole. */
  small: Part[];
  /** All that the list asks for. */
  filters: Fragment[];
  /** The key of the last row of the page before. */
  after: Param[] | null;
  limit: number;
  /** Rows that may be looked at; 1500 if nothing is said. */
  lookedAt?: number | undefined;
  /** SQL of what is shown of a row: a document over the tables that `join` adds to `p`, by `p.id`. */
  document: string;
  join: string;
}

/** A part is small up to here. */
const SMALL = 400;
const LOOKED_AT = 1500;
/** D1 allows five terms in a compound SELECT. */
const COMPOUND_TERMS = 5;

function unionAll(selects: string[]): string {
  if (selects.length <= COMPOUND_TERMS) return selects.map((select) => `SELECT * FROM (${select})`).join(" UNION ALL ");
  const half = Math.ceil(selects.length / 2);
  return unionAll([unionAll(selects.slice(0, half)), unionAll(selects.slice(half))]);
}

/** Gives the `?` of conditions their numbers, so that one may stand in several places and is bound once: D1 takes 100. */
function numbering() {
  const params: Param[] = [];
  const known = new Map<Fragment, string>();
  const numbered = (fragment: Fragment): string => {
    let text = known.get(fragment);
    if (text === undefined) {
      let count = params.length;
      text = fragment.sql.replace(/\?/g, () => `?${++count}`);
      params.push(...fragment.params);
      known.set(fragment, text);
    }
    return text;
  };
  return {
    params,
    numbered,
    all: (fragments: Fragment[]): string => ["true", ...fragments.map(numbered)].join(" AND "),
  };
}

/** What follows a place in the order of a list. */
const beyond = (key: string[], direction: "ASC" | "DESC", after: Param[]): Fragment => ({
  sql: `(${key.join(", ")}) ${direction === "DESC" ? "<" : ">"} (${after.map(() => "?").join(", ")})`,
  params: after,
});

/** The same for a part; where all of it begins with one value, SQLite finds the place only by what follows that. */
function beyondIn({ first }: Part, { key, direction, after }: BoundedPage): Fragment[] {
  if (!after) return [];
  if (first === undefined) return [beyond(key, direction, after)];
  if (first === after[0]) return [beyond(key.slice(1), direction, after.slice(1))];
  const isBeyond = direction === "DESC" ? first < Number(after[0]) : first > Number(after[0]);
  return [{ sql: `${isBeyond}`, params: [] }];
}

/**
 * The statement that reads one page of a list and the row after it, at a cost that does not grow with the table: what
 * few rows can meet is read whole, anything else is gone through in order, up to a number of rows. Where that does not
 * fill the page, the result has one row more, the last: all NULL but for the key to go on from.
 */
export function boundedPage(list: BoundedPage): { sql: string; params: Param[] } {
  const { id, key, direction, scans, tests, small, filters, after, lookedAt = LOOKED_AT } = list;
  const limit = list.limit + 1;
  const { params, numbered, all } = numbering();
  const named = key.map((column, index) => `${column} AS k${index}`).join(", ");
  const names = key.map((_, index) => `k${index}`);
  const inOrder = `ORDER BY ${key.map((column) => `${column} ${direction}`).join(", ")}`;
  const byName = `ORDER BY ${names.map((name) => `p.${name} ${direction}`).join(", ")}`;
  const rows = (columns: string, { from, conditions }: Part, more: Fragment[] = []) =>
    `SELECT ${columns} FROM ${numbered(from)} WHERE ${all([...conditions, ...more])}`;
  const page = (chosen: string) => `page AS MATERIALIZED (SELECT * FROM (${chosen}) AS p ${byName} LIMIT ${limit})`;
  const keyNames = names.join(", ");
  const shown = `SELECT ${list.document} AS document, ${keyNames} FROM page AS p CROSS JOIN ${list.join}`;

  const [scan] = scans;
  if (tests.length === 0 || !scan) {
    const merged = scans.map((part) => {
      return `${rows(`${id} AS id, ${named}`, part, beyondIn(part, list))} ${inOrder} LIMIT ${limit}`;
    });
    return { sql: `WITH ${page(unionAll(merged))} ${shown} ${byName}`, params };
  }

  // Which part is small is found out by counting, one after the other and no further than that.
  const sizes = small.map(
    (part, index) => `WHEN (SELECT COUNT(*) FROM (${rows("1", part)} LIMIT ${SMALL + 1})) <= ${SMALL} THEN ${index}`,
  );
  // A limit of 0 keeps SQLite from beginning a scan; a condition would be asked of each of its rows.
  const atMost = (count: number, index: number | null, also = "true") =>
    `LIMIT iif((SELECT part FROM chosen) IS ${index === null ? "NULL" : index} AND ${also}, ${count}, 0)`;
  const place = beyondIn(scan, list);
  const everything = after ? [...filters, beyond(key, direction, after)] : filters;
  const alternatives = small.map(
    (part, index) => `${rows(`${id} AS id, ${named}`, part, everything)} ${inOrder} ${atMost(limit, index)}`,
  );
  const bounded = `
    SELECT id, ${keyNames} FROM (
      ${rows(`${id} AS id, ${named}, (${all(tests)}) AS hit`, scan, place)} ${inOrder} ${atMost(lookedAt, null)})
    WHERE hit LIMIT ${limit}`;
  const edge = `${rows(named, scan, place)} ${inOrder}
    ${atMost(1, null, `(SELECT COUNT(*) FROM page) < ${limit}`)} OFFSET ${lookedAt - 1}`;
  const sql = `
    WITH chosen AS MATERIALIZED (SELECT ${sizes.length > 0 ? `CASE ${sizes.join(" ")} END` : "NULL"} AS part),
         ${page(unionAll([...alternatives, bounded]))}
    SELECT * FROM (${shown} UNION ALL SELECT NULL, ${keyNames} FROM (${edge})) AS p ${byName}`;
  return { sql, params };
}

/** A row of the statement. */
export type BoundedRow = { document: string | null } & Record<string, string | number>;

/** The statement, ready to run. */
export function selectPage(db: Pick<D1Database, "prepare">, list: BoundedPage): D1PreparedStatement {
  const { sql, params } = boundedPage(list);
  return db.prepare(sql).bind(...params);
}

/**
 * What the statement has found.
 *
 * @returns the documents of the page as text, and the key to go on from: that of the last one, or of the last row that was
 *   looked at; null where nothing follows.
 */
export function pageOf({ key, limit }: BoundedPage, rows: BoundedRow[]) {
  const documents = rows.flatMap(({ document }) => document ?? []);
  const last = documents.length > limit ? rows[limit - 1] : rows.find(({ document }) => document === null);
  return {
    documents: documents.slice(0, limit),
    place: last ? key.map((_, index) => last[`k${index}`] as string | number) : null,
  };
}
