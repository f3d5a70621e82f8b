import { isLocal, type OutboxItem, ticketOf } from "./item.ts";

/** Items that change where a ticket stands: each was tapped in view of the one before. */
const isStep = ({ wish }: OutboxItem): boolean => wish.kind === "move" || wish.kind === "take";

const bySeq = (a: OutboxItem, b: OutboxItem): number => a.seq - b.seq;

/**
 * What an item waits for beside its turn: its ticket's report, or an earlier step of the same ticket, while that is
 * refused or overtaken. It is shown beneath that item.
 */
export function blockedBy(item: OutboxItem, items: readonly OutboxItem[]): OutboxItem | null {
  const ticket = ticketOf(item.wish);
  const before = items.filter(
    (other) => other.seq !== item.seq && other.state !== "waiting" && ticketOf(other.wish) === ticket,
  );
  return (
    before.find(({ wish }) => wish.kind === "report") ??
    before.find((other) => isStep(item) && isStep(other) && other.seq < item.seq) ??
    null
  );
}

/** Items that stand or fall with this one, in the order of the taps. */
export const dependents = (item: OutboxItem, items: readonly OutboxItem[]): OutboxItem[] =>
  items
    .filter((other) => blockedBy(other, [{ ...item, state: "overtaken" } as OutboxItem])?.seq === item.seq)
    .sort(bySeq);

/**
 * The items that may be sent now, the first of them first: reports before all else, so that the numbers come back, and
 * of each ticket the earliest. One that is refused holds up nothing but what depends on it.
 *
 * @param now ms since the epoch.
 */
export function sendable(items: readonly OutboxItem[], now: number): OutboxItem[] {
  const heads = new Map<string, OutboxItem>();
  for (const item of items.filter((item) => item.state === "waiting" && !blockedBy(item, items)).sort(bySeq)) {
    const ticket = ticketOf(item.wish);
    if (!heads.has(ticket)) heads.set(ticket, item);
  }
  return [...heads.values()]
    .filter(({ wish, next_at }) => next_at <= now && (wish.kind === "report" || !isLocal(wish.ticket)))
    .sort((a, b) => Number(b.wish.kind === "report") - Number(a.wish.kind === "report") || bySeq(a, b));
}

/** When the next waiting item becomes sendable, in ms since the epoch; null when none does by itself. */
export function nextTime(items: readonly OutboxItem[]): number | null {
  const heads = sendable(items, Number.POSITIVE_INFINITY);
  return heads.length === 0 ? null : Math.min(...heads.map(({ next_at }) => next_at));
}
