import type { Sender } from "../deliveries/job.ts";
import { NEWS_NEEDS, tellCustomer } from "./news.ts";
import { MAIL_NEEDS, sendQueuedEmail } from "./send.ts";

/**
 * `email:<id>` is an e-mail to one recipient; `customer:<id>` is news for a customer, who gets it in the way that their
 * preferences say (contract sections 6 and 7).
 */
export const emailSender: Sender = {
  needs: `iif(deliveries.target GLOB 'customer:*', (${NEWS_NEEDS}), (${MAIL_NEEDS}))`,
  send: (ctx, job) => (job.target.startsWith("customer:") ? tellCustomer(ctx, job) : sendQueuedEmail(ctx, job)),
};
