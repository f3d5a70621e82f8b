import { env } from "cloudflare:workers";

interface Step {
  id: number;
  parent: number;
  detail: string;
}

export interface Statement {
  sql: string;
  params: unknown[];
}

/** How SQLite would run a statement, as lines of EXPLAIN QUERY PLAN. */
async function stepsOf({ sql, params }: Statement): Promise<Step[]> {
  const prepared = env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`);
  return (await (params.length > 0 ? prepared.bind(...params) : prepared).all<Step>()).results;
}

export const planOf = async (statement: Statement): Promise<string[]> =>
  (await stepsOf(statement)).map(({ detail }) => detail);

/** The steps that read the table under this name, each with the steps beside it (a sort, say). */
export async function readsOf(statement: Statement, name: string) {
  const steps = await stepsOf(statement);
  return steps
    .filter(({ detail }) => new RegExp(`^(SCAN|SEARCH) ${name}( |$)`).test(detail))
    .map(({ detail, parent }) => ({
      detail,
      sorted: steps.some((step) => step.parent === parent && step.detail.startsWith("USE TEMP B-TREE")),
    }));
}

/** The database, with a record of every statement that is prepared and what is bound to it. */
export function recordingDatabase() {
  const statements: Statement[] = [];
  const database = new Proxy(env.DB, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      if (name !== "prepare") return member.bind(target);
      return (sql: string) => {
        const entry: Statement = { sql, params: [] };
        statements.push(entry);
        const prepared = target.prepare(sql);
        const bind = prepared.bind.bind(prepared);
        return Object.assign(prepared, {
          bind: (...params: unknown[]) => {
            entry.params = params;
            return bind(...params);
          },
        });
      };
    },
  });
  return { database, statements };
}
