import { type SQL, sql } from "drizzle-orm";
import { type SQLiteColumn, SQLiteSyncDialect } from "drizzle-orm/sqlite-core";

/** Which column, or expression without parameters, each member of a JSON object comes from. */
export type JsonColumns = Record<string, SQLiteColumn | SQL>;

const dialect = new SQLiteSyncDialect();

/** A row as a JSON object, made by the database: the one way in which an answer to a change shows a row. */
export function jsonObject(columns: JsonColumns): SQL {
  const members = Object.entries(columns).map(([name, column]) => {
    const isBoolean = "dataType" in column && column.dataType === "boolean";
    return sql`${sql.raw(`'${name}'`)}, ${isBoolean ? sql`json(iif(${column}, 'true', 'false'))` : column}`;
  });
  return sql`json_object(${sql.join(members, sql.raw(", "))})`;
}

/** The same as text, for a statement that runs in a batch. Columns go by the name of their table. */
export const jsonObjectText = (columns: JsonColumns): string => dialect.sqlToQuery(jsonObject(columns)).sql;

/**
 * A SELECT of a row as the answer of a batch, `{"<object>": {...}}`: `headers` and `body` in JSON text.
 *
 * @param from what follows FROM, with a WHERE that leaves one row.
 * @param headers SQL for the arguments of `json_object`: names and values of headers.
 */
export const selectAnswer = (object: string, columns: JsonColumns, from: string, headers = ""): string =>
  selectJsonAnswer(object, jsonObjectText(columns), from, headers);

/** The same of a row that is JSON already. @param json SQL for it. */
export const selectJsonAnswer = (object: string, json: string, from: string, headers: string): string =>
  `SELECT json_object(${headers}) AS headers, json_object('${object}', ${json}) AS body FROM ${from}`;
