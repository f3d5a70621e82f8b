import type { Sender } from "../job.ts";
import type { Channel } from "../schedule.ts";
import { sendPush } from "./push.ts";
import { sendWebhook } from "./webhook.ts";

/** Who makes the tries of each channel. */
export const channels: Record<Channel, Sender> = {
  push: sendPush,
  webhook: sendWebhook,
};
