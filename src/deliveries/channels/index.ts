import type { Sender } from "../job.ts";
import type { Channel } from "../schedule.ts";
import { sendEmailOrNews } from "./email.ts";
import { sendPush } from "./push.ts";
import { sendStripe } from "./stripe.ts";
import { sendWebhook } from "./webhook.ts";

/** Who makes the tries of each channel. */
export const channels: Record<Channel, Sender> = {
  email: sendEmailOrNews,
  push: sendPush,
  webhook: sendWebhook,
  stripe: sendStripe,
};
