import type { Sender } from "./deliveries/job.ts";
import { sendEmailOrNews } from "./emails/channel.ts";
import { sendPush } from "./push/channel.ts";
import { sendStripe } from "./sync/channel.ts";
import type { Channel } from "./vocabulary/channels.ts";
import { sendWebhook } from "./webhooks/channel.ts";

/** Who makes the tries of each channel. The engine in deliveries/ is handed them and knows none. */
export const senders = {
  push: sendPush,
  webhook: sendWebhook,
  email: sendEmailOrNews,
  stripe: sendStripe,
} satisfies Record<Channel, Sender>;
