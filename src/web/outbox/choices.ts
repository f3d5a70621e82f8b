import { STATUSES } from "../../vocabulary/statuses.ts";
import type { OutboxItem, Refusal, Wish } from "./item.ts";
import { dependents } from "./order.ts";

/** What stands in an item's place: at its turn and with the time of its tap, under a new key. */
export type Successor = Pick<OutboxItem, "seq" | "occurred_at" | "wish">;

/** What becomes of items: those that go, and what comes in their places. */
export interface Replacement {
  removed: OutboxItem[];
  added: Successor[];
}

const successor = (wish: Wish, { seq, occurred_at }: OutboxItem): Successor => ({ seq, occurred_at, wish });

/** A note in a step that is given up: nothing that was written is lost by a choice. */
function noteOf(item: OutboxItem): Successor[] {
  const { wish } = item;
  if (wish.kind !== "move" || wish.comment === null) return [];
  return [successor({ kind: "comment", ticket: wish.ticket, text: wish.comment }, item)];
}

/** Leaves the ticket as somebody else has put it: the step goes, with those that were built on it; their notes stay. */
export function yieldTo(item: OutboxItem, items: readonly OutboxItem[]): Replacement {
  const removed = [item, ...dependents(item, items)];
  return { removed, added: removed.flatMap(noteOf) };
}

/** The step that is meant, from where the ticket stands now; null when that is no legal move, or is already done. */
export function insisted({ wish }: OutboxItem, current: Refusal["current"]): Wish | null {
  if (!current) return null;
  if (wish.kind === "move") {
    return STATUSES[current.status].next.includes(wish.to) ? { ...wish, from: current.status } : null;
  }
  if (wish.kind === "take") return current.assigned_to === wish.to ? null : { ...wish, from: current.assigned_to };
  return null;
}

/**
 * Does it still: the same step from where the ticket stands now. What was built on it follows.
 *
 * @returns null when that is not possible any more.
 */
export function insist(item: OutboxItem, current: Refusal["current"]): Replacement | null {
  const wish = insisted(item, current);
  return wish && { removed: [item], added: [successor(wish, item)] };
}

/**
 * Sends a refused item again as it was mended.
 *
 * @param wish the mended one. A report keeps its local name, so that photos and comments still find their ticket.
 */
export const mend = (item: OutboxItem, wish: Wish): Replacement => ({
  removed: [item],
  added: [successor(wish, item)],
});

/** Throws an item away with all that makes no sense without it. */
export const discard = (item: OutboxItem, items: readonly OutboxItem[]): Replacement => ({
  removed: [item, ...dependents(item, items)],
  added: [],
});
