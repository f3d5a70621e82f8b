import type { Sender } from "../deliveries/job.ts";
import { SYNC_NEEDS, syncCustomer } from "./send.ts";

/** Keeps customers at Stripe (contract section 8). */
export const stripeSender: Sender = { needs: SYNC_NEEDS, send: syncCustomer };
