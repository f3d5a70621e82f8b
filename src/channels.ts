import type { Sender } from "./deliveries/job.ts";
import { emailSender } from "./emails/channel.ts";
import { pushSender } from "./push/channel.ts";
import { stripeSender } from "./sync/channel.ts";
import type { Channel } from "./vocabulary/channels.ts";
import { webhookSender } from "./webhooks/channel.ts";

/** Who makes the tries of each channel. The engine in deliveries/ is handed them and knows none. */
export const senders = {
  push: pushSender,
  webhook: webhookSender,
  email: emailSender,
  stripe: stripeSender,
} satisfies Record<Channel, Sender>;
