import { expect } from "vitest";
import { Change, ChangesOutput } from "../../src/changes/schemas.ts";
import type { TicketWithTimeline } from "../../src/tickets/schemas.ts";
import { type App, type Person, send } from "../helpers.ts";

/** An answer of `GET /api/changes`, with every member checked against the published schema and no other allowed. */
export const Page = ChangesOutput.extend({ changes: Change.strict().array() }).strict();

/** Asks what has changed. @param cursor null: what changes from now on. */
export const ask = (app: App, by: Person, cursor: string | null, query = "", headers = {}): Promise<Response> =>
  app.request(`/api/changes?${cursor === null ? "" : `cursor=${cursor}`}${query}`, send(by, undefined, headers));

/** What is kept, by id. */
interface Copy {
  tickets: Map<number, TicketWithTimeline>;
  machines: Map<number, NonNullable<Change["machine"]>>;
  people: Map<number, NonNullable<Change["person"]>>;
}

/** A client that keeps a copy of the shop and follows what changes. */
export class Follower {
  readonly tickets: Copy["tickets"];
  readonly machines: Copy["machines"];
  readonly people: Copy["people"];
  /** Who and what it was told is gone. */
  readonly gone = { ticket: new Set<number>(), machine: new Set<number>(), person: new Set<number>() };
  cursor = "";
  readonly #app: App;
  readonly #by: Person;

  /** @param copy what there is. */
  constructor(app: App, by: Person, copy: Copy = { tickets: new Map(), machines: new Map(), people: new Map() }) {
    this.#app = app;
    this.#by = by;
    this.tickets = new Map(copy.tickets);
    this.machines = new Map(copy.machines);
    this.people = new Map(copy.people);
  }

  /** Begins to follow: nothing may have happened since the copy was made. */
  async begin(): Promise<void> {
    this.cursor = Page.parse(await (await ask(this.#app, this.#by, null)).json()).next_cursor;
  }

  /** Asks once. @returns whether more has changed. */
  async poll(limit = 100): Promise<boolean> {
    const known = `"${this.cursor}"`;
    const response = await ask(this.#app, this.#by, this.cursor, `&limit=${limit}`, { "if-none-match": known });
    if (response.status === 304) {
      expect(await response.text()).toBe("");
      return false;
    }
    expect(response.status).toBe(200);
    const { changes, next_cursor, more } = Page.parse(await response.json());
    expect(response.headers.get("etag")).toBe(`"${next_cursor}"`);
    expect(next_cursor).not.toBe(this.cursor);
    expect(new Set(changes.map(({ kind, id }) => `${kind} ${id}`)).size).toBe(changes.length);
    for (const change of changes) this.#take(change);
    this.cursor = next_cursor;
    return more;
  }

  /** Asks until nothing more has changed. */
  async catchUp(limit = 100): Promise<void> {
    while (await this.poll(limit));
  }

  /** The tickets with the names that machines and people have by now. */
  shownTickets(): Copy["tickets"] {
    const shown = [...this.tickets.values()].map((ticket) => {
      const machine = this.machines.get(ticket.machine_id);
      const assignee = this.people.get(ticket.assigned_to ?? 0);
      const { machine_name, machine_type, assignee_name } = ticket;
      return {
        ...ticket,
        machine_name: machine?.name ?? machine_name,
        machine_type: machine?.machine_type ?? machine_type,
        assignee_name: assignee?.name ?? assignee_name,
      };
    });
    return new Map(shown.map((ticket) => [ticket.id, ticket]));
  }

  #take({ kind, id, gone, ticket, machine, person }: Change): void {
    if (gone) this.gone[kind].add(id);
    else this.gone[kind].delete(id);
    if (kind === "ticket") {
      if (ticket) this.tickets.set(id, ticket);
      else this.tickets.delete(id);
    }
    if (machine) this.machines.set(id, machine);
    else if (kind === "machine") this.machines.delete(id);
    if (person) this.people.set(id, person);
  }
}
