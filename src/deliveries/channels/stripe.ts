import { syncCustomer } from "../../sync/send.ts";
import type { Sender } from "../job.ts";

/** Keeps customers at Stripe (contract section 8). */
export const sendStripe: Sender = syncCustomer;
