import type { Sender } from "../deliveries/job.ts";
import { syncCustomer } from "./send.ts";

/** Keeps customers at Stripe (contract section 8). */
export const sendStripe: Sender = syncCustomer;
