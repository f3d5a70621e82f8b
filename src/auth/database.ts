import { type CustomAdapter, createAdapterFactory } from "better-auth/adapters";
import { getTableColumns } from "drizzle-orm";
import { jsonObjectText } from "../db/json.ts";
import { accounts } from "../db/schema.ts";
import type { Env } from "../env.ts";

type Where = Parameters<CustomAdapter["delete"]>[0]["where"];
type Increment = NonNullable<CustomAdapter["incrementOne"]>;

const OPERATORS: Partial<Record<Where[number]["operator"], string>> = {
  eq: "IS",
  ne: "IS NOT",
  lt: "<",
  lte: "<=",
  gt: ">",
};

const notHere = (what: string): never => {
  throw new Error(`better-auth asks for ${what}`);
};

/** A WHERE of conditions that all hold; their values go in as parameters. */
function whereText(where: Where): string {
  const conditions = where.map(({ field, operator, connector }) => {
    if (connector !== "AND") return notHere(connector);
    return `${field} ${OPERATORS[operator] ?? notHere(operator)} ?`;
  });
  return `WHERE ${conditions.join(" AND ")}`;
}

// The one join that is made here: a person with the credentials that they may sign in by.
const WITH_ACCOUNTS = `*, (
  SELECT json_group_array(${jsonObjectText(getTableColumns(accounts))}) FROM accounts WHERE user_id = users.id
) AS accounts`;

/**
 * What better-auth reads and writes when somebody signs in or sends an API key: our tables, one round trip each.
 * Whatever else it could ask for is done by verbs of ours, and fails.
 */
export const authDatabase = (db: Env["DB"]) =>
  createAdapterFactory({
    config: { adapterId: "d1", supportsDates: false, supportsBooleans: false },
    adapter: (): CustomAdapter => {
      const bind = (sql: string, values: unknown[], where: Where = []) =>
        db.prepare(sql).bind(...values, ...where.map(({ value }) => value));
      const updated = <T>(model: string, changes: string[], values: unknown[], where: Where) =>
        bind(`UPDATE ${model} SET ${changes} ${whereText(where)} RETURNING *`, values, where).first<T>();
      const deleted = async (model: string, where: Where) =>
        (await bind(`DELETE FROM ${model} ${whereText(where)}`, [], where).run()).meta.changes;
      return {
        findOne: async <T>({ model, where, join }: { model: string; where: Where; join?: object }) => {
          const row = await bind(
            `SELECT ${join ? WITH_ACCOUNTS : "*"} FROM ${model} ${whereText(where)}`,
            [],
            where,
          ).first();
          return row && ({ ...row, ...(join && { accounts: JSON.parse(String(row.accounts)) }) } as T);
        },
        create: async <T extends object>({ model, data }: { model: string; data: T }) => {
          const columns = Object.keys(data);
          const sql = `INSERT INTO ${model} (${columns}) VALUES (${columns.map(() => "?")}) RETURNING *`;
          return (await bind(sql, Object.values(data)).first<T>()) as T;
        },
        update: <T>({ model, update, where }: { model: string; update: T; where: Where }) => {
          const set = Object.entries(update as object);
          return updated<T>(
            model,
            set.map(([column]) => `${column} = ?`),
            set.map(([, value]) => value),
            where,
          );
        },
        // In one statement, so that no two requests that come at once take the same place under a limit.
        incrementOne: <T>({ model, increment, set = {}, where }: Parameters<Increment>[0]) => {
          const added = Object.keys(increment).map((column) => `${column} = ${column} + ?`);
          const replaced = Object.keys(set).map((column) => `${column} = ?`);
          return updated<T>(
            model,
            [...added, ...replaced],
            [...Object.values(increment), ...Object.values(set)],
            where,
          );
        },
        delete: async ({ model, where }) => void (await deleted(model, where)),
        deleteMany: ({ model, where }) => deleted(model, where),
        findMany: async () => notHere("findMany"),
        updateMany: async () => notHere("updateMany"),
        count: async () => notHere("count"),
      };
    },
  });
