import type { Replacement, Successor } from "../outbox/choices.ts";
import { bodyOf, isLocal, type OutboxItem, type TicketRef, type Wish, withNumber } from "../outbox/item.ts";
import type { OutboxStore } from "../outbox/send.ts";
import type { PersonDatabase, Photo, TicketDocument } from "./open.ts";

/** Items that may wait at once: more than a week without a network makes. */
export const OUTBOX_MAX = 500;

// A phone whose battery dies right after the tap keeps what was tapped.
const DURABLE = { durability: "strict" } as const;
const STORES = ["outbox", "photos", "tickets", "numbers"] as const;

/** What the tables of a transaction offer here. */
type Changes = ReturnType<typeof begin>;
const begin = (db: PersonDatabase) => db.transaction(STORES, "readwrite", DURABLE);

/** The outbox is full; nothing was kept. */
export class OutboxFull extends Error {}

type Tapped = Omit<Successor, "seq"> & Partial<Pick<Successor, "seq">>;

/** Adds an item: at the place that is given, else behind all others. */
async function put({ wish, occurred_at, ...place }: Tapped, key: string, tx: Changes): Promise<void> {
  // A report may have got its number since the page that tapped was drawn.
  const known =
    wish.kind !== "report" && isLocal(wish.ticket) ? await tx.objectStore("numbers").get(wish.ticket) : null;
  const named = known ? withNumber(wish, known.local, known.number) : wish;
  const body = bodyOf(named, occurred_at);
  const item = { state: "waiting", key, wish: named, body, occurred_at, attempts: 0, next_at: 0, ...place };
  // Without a `seq` the store gives it the next.
  await tx.objectStore("outbox").add(item as OutboxItem);
}

async function store(tx: Changes, document: TicketDocument): Promise<void> {
  const tickets = tx.objectStore("tickets");
  const known = await tickets.get(document.id);
  if (known && known.version > document.version) return;
  await tickets.put({ ...document, timeline: document.timeline ?? known?.timeline ?? [] });
}

/** Gives a ticket its number wherever its local name stands. */
async function rename(tx: Changes, local: TicketRef, number: string, at: number): Promise<void> {
  await tx.objectStore("numbers").put({ local, number, at });
  for (let cursor = await tx.objectStore("outbox").openCursor(); cursor; cursor = await cursor.continue()) {
    const wish = withNumber(cursor.value.wish, local, number);
    if (wish !== cursor.value.wish) await cursor.update({ ...cursor.value, wish });
  }
}

interface Documents {
  ticket?: TicketDocument;
  comment?: TicketDocument["timeline"][number];
}

/** The outbox of one person, over IndexedDB. */
export function outboxStore(db: PersonDatabase, now: () => number = Date.now) {
  const inOne = async <T>(work: (tx: Changes) => Promise<T>): Promise<T> => {
    const tx = begin(db);
    try {
      const result = await work(tx);
      await tx.done;
      return result;
    } catch (error) {
      // What was written before it is undone; `done` rejects, too, and says nothing new.
      tx.done.catch(() => {});
      try {
        tx.abort();
      } catch {
        // It has ended by itself.
      }
      throw error;
    }
  };

  return {
    items: (): Promise<OutboxItem[]> => db.getAll("outbox"),

    /**
     * Keeps what was tapped, with its picture, in one transaction. When this resolves it is on the disk.
     *
     * @param key made when the page showed the button, so that a double tap is one item.
     * @throws OutboxFull, and what the browser throws when the disk is full: nothing is kept then.
     */
    add: (wish: Wish, key: string, photo?: Photo): Promise<void> =>
      inOne(async (tx) => {
        const items = await tx.objectStore("outbox").getAll();
        if (items.some((item) => item.key === key)) return;
        if (items.length >= OUTBOX_MAX) throw new OutboxFull();
        if (photo) await tx.objectStore("photos").put(photo);
        await put({ wish, occurred_at: new Date(now()).toISOString() }, key, tx);
      }),

    /** Puts items in the place of others, if those are all still there; their pictures go with them unless they are kept. */
    replace: ({ removed, added }: Replacement): Promise<boolean> =>
      inOne(async (tx) => {
        const outbox = tx.objectStore("outbox");
        for (const { seq } of removed) if ((await outbox.getKey(seq)) === undefined) return false;
        for (const { seq } of removed) await outbox.delete(seq);
        for (const successor of added) await put(successor, crypto.randomUUID(), tx);
        const kept = new Set(added.map(({ wish }) => (wish.kind === "photo" ? wish.photo : null)));
        for (const { wish } of removed) {
          if (wish.kind === "photo" && !kept.has(wish.photo)) await tx.objectStore("photos").delete(wish.photo);
        }
        return true;
      }),

    update: (item: OutboxItem): Promise<void> =>
      inOne(async (tx) => {
        const outbox = tx.objectStore("outbox");
        const known = await outbox.get(item.seq);
        // Its ticket may have got its number while it was under way.
        if (known) await outbox.put({ ...item, wish: known.wish });
      }),

    complete: (item: OutboxItem, document: unknown): Promise<void> =>
      inOne(async (tx) => {
        const { ticket, comment } = (document ?? {}) as Documents;
        await tx.objectStore("outbox").delete(item.seq);
        if (ticket) await store(tx, ticket);
        if (item.wish.kind === "report" && ticket) await rename(tx, item.wish.local, ticket.ticket_id, now());
        if (item.wish.kind === "photo") await tx.objectStore("photos").delete(item.wish.photo);
        if (comment) {
          const about = await tx.objectStore("tickets").get(comment.ticket_id);
          if (about && !about.timeline.some(({ id }) => id === comment.id)) {
            await tx.objectStore("tickets").put({ ...about, timeline: [...about.timeline, comment] });
          }
        }
      }),
  } satisfies OutboxStore & Record<string, unknown>;
}

export type PersonOutbox = ReturnType<typeof outboxStore>;
