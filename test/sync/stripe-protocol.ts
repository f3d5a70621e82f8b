import type { FormValue, OperationName } from "./stripe-openapi.ts";

/** What the stand-in does with the next request of one kind, instead of answering as usual. */
export interface Behaviour {
  /** The kind of request; any, when left out. */
  on?: OperationName;
  /** How many requests; one unless told. */
  times?: number;
  /** Waits so long before anything else. */
  delayMs?: number;
  /** Keeps the request open until it is released or given up; what was asked is done first. */
  hold?: boolean;
  /** Breaks the connection: before what was asked is done, or after. */
  drop?: "before" | "after";
  /** Answers with an error. `acts`: what was asked has been done all the same. */
  error?: {
    status: number;
    type?: string;
    code?: string;
    param?: string;
    headers?: Record<string, string>;
    acts?: boolean;
  };
}

export interface StripeCustomer {
  id: string;
  created: number;
  name: string | null;
  business_name: string | null;
  email: string | null;
  phone: string | null;
  preferred_locales: string[];
  metadata: Record<string, string>;
}

/** One request as it came in. */
export interface Logged {
  operation: OperationName;
  customer: string | null;
  form: Record<string, FormValue>;
  key: string | null;
  /** What was answered; null for a connection that was broken. */
  status: number | null;
  replayed: boolean;
}

export interface StripeReport {
  customers: StripeCustomer[];
  requests: Logged[];
  /** Requests that do not conform to Stripe's OpenAPI description. */
  faults: string[];
  /** Requests that are open. */
  open: number;
  /** Most requests that were open at once. */
  peak: number;
}

/** Tells the stand-in what time it is for this request, in milliseconds; its own clock counts without. */
export const CLOCK_HEADER = "stand-in-clock";
