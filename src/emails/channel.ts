import { type Claim, type DeliveryContext, type Outcome, referencedId } from "../deliveries/job.ts";
import { tellCustomer } from "./news.ts";
import { sendQueuedEmail } from "./send.ts";

/**
 * `email:<id>` is an e-mail to one recipient; `customer:<id>` is news for a customer, who gets it in the way that their
 * preferences say (contract sections 6 and 7).
 */
export function sendEmailOrNews(ctx: DeliveryContext, job: Claim): Promise<Outcome> {
  const id = referencedId(job.target);
  return job.target.startsWith("customer:") ? tellCustomer(ctx, job, id) : sendQueuedEmail(ctx, id, job.attempts);
}
