import { createApp } from "./app.ts";
import type { Bindings } from "./env.ts";
import { purgeExpired } from "./retention.ts";

export type { AppType } from "./app.ts";

const app = createApp();

export default {
  fetch: app.fetch,
  scheduled: (_controller, env) => purgeExpired(env),
} satisfies ExportedHandler<Bindings>;
