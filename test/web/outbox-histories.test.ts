import "fake-indexeddb/auto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { STATUSES, type TicketStatus } from "../../src/vocabulary/statuses.ts";
import { insist, mend, yieldTo } from "../../src/web/outbox/choices.ts";
import { localRef, type OutboxItem, type TicketRef, type Wish } from "../../src/web/outbox/item.ts";
import { blockedBy } from "../../src/web/outbox/order.ts";
import { overlay } from "../../src/web/outbox/overlay.ts";
import { type Line, type Reply, sendAll } from "../../src/web/outbox/send.ts";
import { openPerson, type PersonDatabase } from "../../src/web/store/open.ts";
import { outboxStore, type PersonOutbox } from "../../src/web/store/outbox.ts";
import { ME, Shop } from "./shop.ts";

const HOUR_MS = 3_600_000;

/** What becomes of one request. */
const FATES = ["arrives", "lost", "answer lost", "phone dies", "broken", "busy", "hotel page"] as const;
type Fate = (typeof FATES)[number];

const fates = fc.array(fc.constantFrom(...FATES), { maxLength: 12 });
const pick = fc.nat({ max: 20 });
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: fc.constant("report" as const), bad: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("comment" as const), ticket: pick, bad: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("photo" as const), ticket: pick }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant("move" as const), ticket: pick, to: pick, note: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("take" as const), ticket: pick }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("somebody else moves" as const), ticket: pick, to: pick }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant("send" as const), fates, twice: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("session" as const), lives: fc.boolean() }) },
);

let people = 1000;

class Phone {
  readonly shop = new Shop();
  now = Date.parse("2026-11-02T08:00:00Z");
  taps = 0;
  /** Local names of all reports, in the order of the taps. */
  readonly reports: TicketRef[] = [];
  readonly texts = new Map<TicketRef, string[]>();
  readonly pictures = new Map<TicketRef, string[]>();
  readonly steps = new Map<TicketRef, TicketStatus[]>();

  readonly db: PersonDatabase;
  readonly store: PersonOutbox;

  private constructor(db: PersonDatabase) {
    this.db = db;
    this.store = outboxStore(db, () => this.now);
  }

  static open = async (): Promise<Phone> => new Phone(await openPerson(people++));

  async tap(wish: Wish): Promise<void> {
    this.now += 1000;
    const picture =
      wish.kind === "photo" ? { id: wish.photo, blob: new Blob(["x"]), thumbnail: null, name: "p.jpg" } : undefined;
    const key = crypto.randomUUID();
    // A double tap.
    await Promise.all([this.store.add(wish, key, picture), this.store.add(wish, key, picture)]);
  }

  /** The ticket as the page shows it: by its number once that is known. */
  async shown(local: TicketRef) {
    const [items, numbered] = [await this.store.items(), await this.db.get("numbers", local)];
    const ref = numbered?.number ?? local;
    const ticket = numbered ? ((await this.db.getFromIndex("tickets", "ticket_id", ref)) ?? null) : null;
    const names = { me: ME, machine: () => "Haas VF-2", person: () => ME.name };
    return overlay(ref, ticket, items, names, (item) => blockedBy(item, items) !== null);
  }

  line(script: Fate[]): Line {
    return {
      now: () => this.now,
      random: () => 0.5,
      request: async (item: OutboxItem): Promise<Reply | null> => {
        await Promise.resolve();
        const fate = script.shift() ?? "arrives";
        if (fate === "lost") return null;
        const other = (status: number): Reply => ({
          status,
          requestId: "r",
          retryAfterMs: null,
          refusal: null,
          document: null,
        });
        if (fate === "broken") return other(500);
        if (fate === "busy") return other(503);
        if (fate === "hotel page") return { ...other(200), requestId: null, document: "<html>" };
        const reply = this.shop.handle(item);
        if (fate === "answer lost") return null;
        if (fate === "phone dies") throw new Error("the phone died");
        return reply;
      },
    };
  }

  async send(script: Fate[], twice: boolean): Promise<void> {
    const runs = Array.from({ length: twice ? 2 : 1 }, () => sendAll(this.store, this.line(script)));
    for (const run of await Promise.allSettled(runs)) {
      if (run.status === "rejected" && (run.reason as Error).message !== "the phone died") throw run.reason;
    }
    this.now += 10_000;
  }

  /** All is well again, and every open question is answered. */
  async settle(insistent: boolean): Promise<void> {
    this.shop.signedIn = true;
    for (let round = 0; round < 200; round++) {
      this.now += HOUR_MS;
      await sendAll(this.store, this.line([]));
      const items = await this.store.items();
      if (items.length === 0) return;
      const item = items.find(({ state }) => state !== "waiting");
      if (!item || item.state === "waiting") throw new Error(`stuck: ${JSON.stringify(items)}`);
      const mended = {
        ...item.wish,
        ...("title" in item.wish && { title: item.wish.title.replace("bad ", "") }),
        ...("text" in item.wish && { text: item.wish.text.replace("bad ", "") }),
      } as Wish;
      const replacement =
        item.state === "refused"
          ? mend(item, mended)
          : ((insistent ? insist(item, item.refusal.current) : null) ?? yieldTo(item, items));
      expect(await this.store.replace(replacement)).toBe(true);
    }
    throw new Error("never comes to rest");
  }
}

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function play(phone: Phone, action: Step): Promise<void> {
  const id = `${++phone.taps}`;
  const local = "ticket" in action ? phone.reports[action.ticket % Math.max(phone.reports.length, 1)] : undefined;
  switch (action.op) {
    case "report": {
      const name = localRef(crypto.randomUUID());
      phone.reports.push(name);
      phone.texts.set(name, []);
      phone.pictures.set(name, []);
      phone.steps.set(name, []);
      const title = `${action.bad ? "bad " : ""}report ${phone.reports.length - 1}`;
      return phone.tap({
        kind: "report",
        local: name,
        machine_id: 1,
        title,
        description: null,
        is_machine_down: false,
        priority: "medium",
      });
    }
    case "send":
      return phone.send([...action.fates], action.twice);
    case "session":
      phone.shop.signedIn = action.lives;
      return;
    case "somebody else moves":
      return phone.shop.moveAway(action.ticket, action.to);
  }
  if (!local) return;
  const shown = await phone.shown(local);
  if (!shown) throw new Error("a ticket has gone from the phone");
  // A page that was drawn before the number came still has the local name.
  const ref = "ticket" in action && action.ticket % 2 === 0 ? shown.ref : local;
  switch (action.op) {
    case "comment":
      phone.texts.get(local)?.push(`comment ${id}`);
      return phone.tap({ kind: "comment", ticket: ref, text: `${action.bad ? "bad " : ""}comment ${id}` });
    case "photo":
      phone.pictures.get(local)?.push(id);
      return phone.tap({ kind: "photo", ticket: ref, photo: id });
    case "take":
      return phone.tap({ kind: "take", ticket: ref, from: shown.assigned_to, to: ME.id });
    case "move": {
      const { next } = STATUSES[shown.status];
      const to = next[action.to % Math.max(next.length, 1)];
      if (!to) return;
      phone.steps.get(local)?.push(to);
      if (action.note) phone.texts.get(local)?.push(`note ${id}`);
      return phone.tap({
        kind: "move",
        ticket: ref,
        from: shown.status,
        to,
        comment: action.note ? `note ${id}` : null,
      });
    }
  }
}

describe("the outbox, whatever the interleaving of taps, answers, deaths and sessions", () => {
  test("sends everything, once, to the right ticket", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), fc.boolean(), async (steps, insistent) => {
        const phone = await Phone.open();
        for (const action of steps) await play(phone, action);
        await phone.settle(insistent);

        expect(phone.shop.tickets.map(({ ticket }) => ticket.title).toSorted()).toEqual(
          phone.reports.map((_, index) => `report ${index}`).toSorted(),
        );
        for (const [index, local] of phone.reports.entries()) {
          const history = phone.shop.tickets.find(({ ticket }) => ticket.title === `report ${index}`);
          expect(history?.comments.toSorted()).toEqual(phone.texts.get(local)?.toSorted());
          expect(history?.photos).toEqual(phone.pictures.get(local));
          expect((await phone.db.get("numbers", local))?.number).toBe(history?.ticket.ticket_id);
        }
        expect(await phone.db.count("photos")).toBe(0);
        phone.db.close();
      }),
      { numRuns: 300 },
    );
  });

  test("keeps the order of what nobody refuses", async () => {
    const calm = step.filter((action) => !("bad" in action && action.bad) && action.op !== "somebody else moves");
    await fc.assert(
      fc.asyncProperty(fc.array(calm, { minLength: 1, maxLength: 40 }), async (steps) => {
        const phone = await Phone.open();
        for (const action of steps) await play(phone, action);
        await phone.settle(true);
        for (const [index, local] of phone.reports.entries()) {
          const history = phone.shop.tickets.find(({ ticket }) => ticket.title === `report ${index}`);
          expect(history?.comments).toEqual(phone.texts.get(local));
          expect(history?.moves).toEqual(phone.steps.get(local));
        }
        phone.db.close();
      }),
      { numRuns: 300 },
    );
  });
});
