import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createApp } from "../../src/app.ts";
import type { App } from "../helpers.ts";
import { ORIGIN } from "../helpers.ts";

/** A database where `happen` comes between the reading of a request and the first of its statements that is `sql`. */
function interposed(sql: RegExp, happen: () => Promise<unknown>): D1Database {
  let pending = true;
  const afterwards = (statement: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(statement, {
      get(target, name: keyof D1PreparedStatement) {
        const method = target[name] as (...args: unknown[]) => unknown;
        if (name === "bind") return (...args: unknown[]) => afterwards(target.bind(...args));
        return async (...args: unknown[]) => {
          if (pending) {
            pending = false;
            await happen();
          }
          return method.apply(target, args);
        };
      },
    });
  return new Proxy(env.DB, {
    get(target, name: keyof D1Database) {
      if (name !== "prepare") return (target[name] as (...args: unknown[]) => unknown).bind(target);
      return (text: string) => {
        const statement = target.prepare(text);
        return sql.test(text) ? afterwards(statement) : statement;
      };
    },
  });
}

/** An application whose first change of a machine is overtaken by `happen`. */
export function overtaken(happen: () => Promise<unknown>): App {
  const app = createApp();
  const bindings = { ...env, DB: interposed(/^update "machines"/i, happen) };
  return {
    request: async (path, init = {}) => app.fetch(new Request(ORIGIN + path, init), bindings, createExecutionContext()),
  };
}
