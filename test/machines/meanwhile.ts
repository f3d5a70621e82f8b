import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createApp } from "../../src/app.ts";
import type { App } from "../helpers.ts";
import { ORIGIN } from "../helpers.ts";
import { interposed } from "../tickets/interposed.ts";

/** An application whose first change of a machine is overtaken by `happen`. */
export function overtaken(happen: () => Promise<unknown>): App {
  const app = createApp();
  const bindings = { ...env, DB: interposed(happen) };
  return {
    request: async (path, init = {}) => app.fetch(new Request(ORIGIN + path, init), bindings, createExecutionContext()),
  };
}
