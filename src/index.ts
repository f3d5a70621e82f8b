import { createApp } from "./app.ts";
import { senders } from "./channels.ts";
import { runCron } from "./cron.ts";
import { consume } from "./deliveries/consumer.ts";
import type { Bindings, DeliveryMessage } from "./env.ts";

export type { AppType } from "./app.ts";

const app = createApp();

export default {
  fetch: app.fetch,
  queue: (batch, env) => consume(batch, env, senders),
  scheduled: (controller, env) => runCron(controller.cron, env),
} satisfies ExportedHandler<Bindings, DeliveryMessage>;
