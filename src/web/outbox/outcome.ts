import type { Refusal } from "./item.ts";

/** An answer, as far as it decides anything. Null in its place: there was none. */
export interface Answered {
  status: number;
  /** `X-Request-Id`, which every answer of the Worker has: others (a hotel's sign-in page, a proxy) have none. */
  requestId: string | null;
  /** `Retry-After` in ms. */
  retryAfterMs: number | null;
  /** The problem document of a refusal, if it was one. */
  refusal: Refusal | null;
}

/** Why the whole outbox waits until a person does something. */
export type Hold = "signed_out" | "other_person" | "app_too_old";

/** What an answer means for the item that was sent. */
export type Outcome =
  | { kind: "done" }
  /** No outcome yet. `everything`: it says nothing of this item, so that no other need be tried either. */
  | { kind: "again"; everything: boolean; afterMs: number | null }
  | { kind: "held"; hold: Hold }
  | { kind: "overtaken"; refusal: Refusal }
  | { kind: "refused"; refusal: Refusal };

const OVERTAKEN = new Set(["overtaken", "illegal_status_transition", "version_conflict"]);

/** Reads an answer. What did not come from the Worker decides nothing. */
export function outcomeOf(answered: Answered | null): Outcome {
  if (!answered?.requestId) return { kind: "again", everything: true, afterMs: null };
  const { status, refusal, retryAfterMs } = answered;
  if (status >= 200 && status < 300) return { kind: "done" };
  if (status === 401) return { kind: "held", hold: "signed_out" };
  if (status === 426) return { kind: "held", hold: "app_too_old" };
  if (status === 429 || status === 503) return { kind: "again", everything: true, afterMs: retryAfterMs };
  if (!refusal || status >= 500 || status === 408 || status === 425 || refusal.code === "request_in_progress") {
    return { kind: "again", everything: false, afterMs: retryAfterMs };
  }
  if (refusal.code === "signed_in_as_other") return { kind: "held", hold: "other_person" };
  return { kind: OVERTAKEN.has(refusal.code) ? "overtaken" : "refused", refusal };
}

const WAITS_MS = [5_000, 15_000, 30_000, 60_000, 120_000, 300_000];

/**
 * How long to wait before the next try, in ms.
 *
 * @param attempts tries so far without an outcome, from 1.
 * @param random between 0 and 1: phones that lost the network together must not come back together.
 */
export function waitAfter(attempts: number, random: number): number {
  const wait = WAITS_MS[Math.min(attempts, WAITS_MS.length) - 1] ?? 0;
  return Math.round(wait * (0.8 + 0.4 * random));
}
