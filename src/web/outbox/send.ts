import type { OutboxItem } from "./item.ts";
import { nextTime, sendable } from "./order.ts";
import { type Answered, type Hold, outcomeOf, waitAfter } from "./outcome.ts";

/** What came back for an item. */
export interface Reply extends Answered {
  /** The JSON body of a success. */
  document: unknown;
}

/** Where items are kept. Each method is one transaction. */
export interface OutboxStore {
  items(): Promise<OutboxItem[]>;
  /**
   * Puts away what the server holds now: the item goes, its document comes, and what was tapped for a ticket without
   * number names the number. Does no harm when the item was taken back meanwhile.
   */
  complete(item: OutboxItem, document: unknown): Promise<void>;
  /** Changes an item, if it is still there. */
  update(item: OutboxItem): Promise<void>;
}

/** The outside world of the sender. */
export interface Line {
  now(): number;
  /** Between 0 and 1. */
  random(): number;
  /** Sends an item; null when no answer came. Never throws. */
  request(item: OutboxItem): Promise<Reply | null>;
}

/** Why a run ended, and when the next makes sense. */
export interface Rest {
  /** Null: the server, or nothing, stands in the way. */
  hold: Hold | null;
  /** Nothing came through at all: the network, or the server, is away. */
  unreachable: boolean;
  /** ms since the epoch; null: not before somebody taps, signs in or reloads. */
  next: number | null;
}

/**
 * Sends what can be sent, one after the other, until nothing is left or nothing gets through.
 *
 * Only one may run at a time over all tabs and the service worker (a Web Lock sees to that); a second would do no harm,
 * only send the same key twice.
 *
 * @param failures runs before this one, in a row, that found the server unreachable.
 */
export async function sendAll(store: OutboxStore, line: Line, failures = 0): Promise<Rest> {
  for (;;) {
    const items = await store.items();
    const [item] = sendable(items, line.now());
    if (!item) return { hold: null, unreachable: false, next: nextTime(items) };
    const reply = await line.request(item);
    const outcome = outcomeOf(reply);
    switch (outcome.kind) {
      case "done":
        await store.complete(item, reply?.document);
        break;
      case "held":
        return { hold: outcome.hold, unreachable: false, next: null };
      case "again": {
        const waits = Math.max(
          waitAfter(outcome.everything ? failures + 1 : item.attempts + 1, line.random()),
          outcome.afterMs ?? 0,
        );
        if (outcome.everything) return { hold: null, unreachable: true, next: line.now() + waits };
        await store.update({ ...item, attempts: item.attempts + 1, next_at: line.now() + waits });
        break;
      }
      default:
        await store.update({ ...item, state: outcome.kind, refusal: outcome.refusal });
    }
  }
}
