import type { Context } from "../context.ts";
import type { Connections } from "../outgoing/connections.ts";
import type { Channel } from "../vocabulary/channels.ts";
import type { FinalDeliveryStatus } from "../vocabulary/deliveries.ts";

/** A delivery in the hands of the one worker that holds its lease. */
export interface Claim {
  id: number;
  /** What the receiver sees as the delivery's id: the same on every try, another for newer data. */
  wire_id: string;
  channel: Channel;
  /** Who receives it: `user:5`, `webhook:2`. */
  target: string;
  /** What it is about: `ticket:17`, with a suffix where several jobs concern one ticket. */
  subject: string;
  event_type: string;
  payload: unknown;
  /** Tries of this generation so far, this one included. */
  attempts: number;
  generation: number;
  lease_token: string;
  /** What the `needs` of the channel's sender gave when the delivery was claimed. */
  found: unknown;
}

/** What became of one try. */
export interface Outcome {
  result: "delivered" | "retry" | "failed" | "postponed";
  /**
   * For `postponed`, which is no try and uses none up: when to look again. Absent: the delivery stays due as it was, and
   * whoever made it wait lets it go on.
   */
  until?: Date;
  http_status?: number | null;
  error?: string | null;
  /** The beginning of what the receiver answered. */
  response?: string | null;
  /** What the receiver asked us to wait. */
  retryAfterSeconds?: number | null;
  /** No try after this instant. */
  deadline?: Date;
  /** The status when no try is left; `failed` unless the delivery has served its purpose in part. */
  exhausted?: FinalDeliveryStatus;
  /** What else is written together with the outcome, if the lease still holds. Rows `{id}` are new deliveries. */
  effects?: D1PreparedStatement[];
  /** What became of the try instead, where a constraint has refused the effects; null: it is a fault. */
  refused?: (error: unknown) => Outcome | null;
}

export interface DeliveryContext extends Context {
  connections: Connections;
}

/** How a channel makes its tries. */
export interface Sender {
  /**
   * SQL for one value, mostly JSON: what a try has to know from the database, over the row `deliveries` that is being
   * claimed. It is read in the trip that claims, so that a try reads nothing more.
   */
  needs?: string;
  /** Makes one try. A thrown error counts as a try that may be repeated. */
  send: (ctx: DeliveryContext, job: Claim) => Promise<Outcome>;
}

/** The sender of every channel. */
export type Senders = Record<Channel, Sender>;

/** The id that a receiver sees. */
export const wireId = (id: number, generation: number): string => `dlv_${id}_${generation}`;

/** The number behind a target or subject such as `user:5` or `ticket:17/user:5`. */
export const referencedId = (reference: string): number => Number(/^\w+:(\d+)/.exec(reference)?.[1]);

/** The same as SQL, of a column. A number ends where its digits do. */
export const referencedIdSql = (column: string): string =>
  `CAST(substr(${column}, instr(${column}, ':') + 1) AS INTEGER)`;
