import fc from "fast-check";
import { expect, test } from "vitest";
import type { Change } from "../../src/changes/schemas.ts";
import { TICKET_STATUSES } from "../../src/vocabulary/statuses.ts";
import { fileRequest } from "../attachments/api.ts";
import { stage } from "../deliveries/stage.ts";
import { machine, type Person, person, queryAll, send } from "../helpers.ts";
import { postCsv } from "../tickets/csv.ts";
import { Follower } from "./follower.ts";

// Several people work in a shop, at once and one after the other, while somebody asks now and then what has changed. In the
// end they know what everybody can see, and nothing else.

const PNG = Uint8Array.from(
  atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="),
  (character) => character.charCodeAt(0),
);

const pick = fc.nat({ max: 50 });
const flag = fc.boolean();
const op = <Name extends string, Rest extends Record<string, fc.Arbitrary<unknown>>>(name: Name, rest: Rest) =>
  fc.record({ op: fc.constant(name), ...rest }) as fc.Arbitrary<
    { op: Name } & { [Key in keyof Rest]: Rest[Key] extends fc.Arbitrary<infer T> ? T : never }
  >;

const write = fc.oneof(
  { weight: 4, arbitrary: op("create", { machine: pick, assigned: flag, down: flag, critical: flag }) },
  { weight: 5, arbitrary: op("move", { ticket: pick, to: pick }) },
  { weight: 2, arbitrary: op("edit", { ticket: pick, down: flag, text: pick }) },
  { weight: 2, arbitrary: op("assign", { ticket: pick, to: pick }) },
  { weight: 2, arbitrary: op("comment", { ticket: pick }) },
  { weight: 1, arbitrary: op("acknowledge", { ticket: pick }) },
  { weight: 1, arbitrary: op("attach", { ticket: pick }) },
  { weight: 2, arbitrary: op("delete", { ticket: pick }) },
  { weight: 1, arbitrary: op("import", { down: flag }) },
  { weight: 2, arbitrary: op("rename machine", { machine: pick, text: pick }) },
  { weight: 2, arbitrary: op("set machine", { machine: pick, to: pick }) },
  { weight: 1, arbitrary: op("add machine", { text: pick }) },
  { weight: 1, arbitrary: op("remove machine", { machine: pick }) },
  { weight: 1, arbitrary: op("change type", { text: pick }) },
  { weight: 1, arbitrary: op("rename person", { person: pick, text: pick }) },
  { weight: 1, arbitrary: op("employ person", { person: pick, active: flag, works: flag }) },
  { weight: 2, arbitrary: op("deliver", {}) },
  { weight: 1, arbitrary: op("minute", {}) },
);
type Write = typeof write extends fc.Arbitrary<infer T> ? T : never;

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ writes: fc.array(write, { minLength: 1, maxLength: 1 }), asks: fc.constant(0) }),
  },
  // All at once, and somebody who asks meanwhile.
  {
    weight: 2,
    arbitrary: fc.record({ writes: fc.array(write, { minLength: 2, maxLength: 5 }), asks: fc.nat({ max: 2 }) }),
  },
  { weight: 3, arbitrary: fc.record({ writes: fc.constant<Write[]>([]), asks: fc.constant(1) }) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

let runs = 0;

class Shop {
  readonly on = stage({ fetch: async () => new Response(null, { status: 201 }) });
  readonly machines: number[] = [];
  readonly people: number[] = [];
  #names = 0;
  #type = "CNC";
  #admin!: Person;
  #supervisor!: Person;
  #technician!: Person;

  static async open(): Promise<Shop> {
    const shop = new Shop();
    const run = ++runs;
    shop.#admin = await person("admin");
    shop.#supervisor = await person("supervisor");
    shop.#technician = await person("technician");
    shop.#type = `T${String.fromCharCode(65 + (run % 26))}${String.fromCharCode(65 + (Math.floor(run / 26) % 26))}`;
    shop.machines.push(await machine(shop.#type), await machine(shop.#type, "Lathe 3"));
    shop.people.push((await person("technician")).id, (await person("supervisor")).id);
    return shop;
  }

  get reader(): Person {
    return this.#technician;
  }

  #patch = (path: string, by: Person, body: object) => this.on.app.request(path, send(by, body, {}, "PATCH"));
  #of = (list: number[], place: number): number => list[place % list.length] ?? 0;

  /** Tickets of now, the deleted ones too. */
  #ticket = async (place: number): Promise<number> =>
    this.#of(
      (await queryAll<{ id: number }>("SELECT id FROM tickets ORDER BY id DESC LIMIT 6")).map(({ id }) => id),
      place,
    );

  #name = (text: number): string => `Name ${text % 3 === 0 ? "again" : ++this.#names}`;

  async write(one: Write): Promise<unknown> {
    const { app } = this.on;
    const ticket = "ticket" in one ? `/api/tickets/${await this.#ticket(one.ticket)}` : "";
    const at = "machine" in one ? `/api/machines/${this.#of(this.machines, one.machine)}` : "";
    const somebody = "person" in one ? `/api/users/${this.#of(this.people, one.person)}` : "";
    switch (one.op) {
      case "create":
        return app.request(
          "/api/tickets",
          send(this.#supervisor, {
            title: "Spindle vibrates",
            machine_id: this.#of(this.machines, one.machine),
            is_machine_down: one.down,
            priority: one.critical ? "critical" : "low",
            ...(one.assigned && { assigned_to: this.#of(this.people, one.machine) }),
          }),
        );
      case "move":
        return this.#patch(ticket, this.#technician, { status: TICKET_STATUSES[one.to % TICKET_STATUSES.length] });
      case "edit":
        return this.#patch(ticket, this.#supervisor, { title: this.#name(one.text), is_machine_down: one.down });
      case "assign":
        return this.#patch(ticket, this.#supervisor, { assigned_to: this.#of(this.people, one.to) });
      case "comment":
        return app.request(`${ticket}/comments`, send(this.#technician, { body: "Ordered." }));
      case "acknowledge":
        return app.request(`${ticket}/acknowledge`, send(this.#technician, undefined, {}, "POST"));
      case "attach":
        return app.request(`${ticket}/attachments`, fileRequest(this.#technician, PNG));
      case "delete":
        return app.request(ticket, send(this.#admin, undefined, {}, "DELETE"));
      case "import":
        return postCsv(
          app,
          this.#supervisor,
          `title;machine_id;is_machine_down\nFrom a file;${this.machines[0]};${one.down ? "yes" : "no"}\nAnother;${this.machines[1]};no`,
        );
      case "rename machine":
        return this.#patch(at, this.#supervisor, { name: this.#name(one.text) });
      case "set machine":
        return this.#patch(at, this.#supervisor, {
          status: ["operational", "maintenance", "out_of_service"][one.to % 3],
        });
      case "add machine": {
        const added = await app.request(
          "/api/machines",
          send(this.#supervisor, { machine_type: this.#type, name: this.#name(one.text) }),
        );
        if (added.status === 201) this.machines.push(((await added.json()) as { machine: { id: number } }).machine.id);
        return;
      }
      case "remove machine":
        return app.request(at, send(this.#supervisor, undefined, {}, "DELETE"));
      case "change type":
        return this.#changeType(one.text);
      case "rename person":
        return this.#patch(somebody, this.#admin, { name: this.#name(one.text) });
      case "employ person":
        return this.#patch(somebody, this.#admin, { active: one.active, role: one.works ? "technician" : "operator" });
      case "deliver":
        return this.on.deliver();
      case "minute":
        this.on.advance(660);
        return this.on.cron();
    }
  }

  async #changeType(text: number): Promise<void> {
    const [type] = await queryAll<{ id: number }>("SELECT id FROM machine_types WHERE code = ?", this.#type);
    const code = `${this.#type.slice(0, 3)}${"ABC"[text % 3]}`;
    await this.#patch(`/api/machine-types/${type?.id}`, this.#supervisor, { code });
    this.#type = code;
  }

  async #get<T>(path: string): Promise<T | null> {
    const response = await this.on.app.request(path, send(this.#technician));
    return response.status === 200 ? ((await response.json()) as T) : null;
  }

  async #each<Kind extends "ticket" | "machine">(kind: Kind): Promise<Map<number, NonNullable<Change[Kind]>>> {
    const rows = await queryAll<{ id: number }>(`SELECT id FROM ${kind}s`);
    const shown = rows.map(async ({ id }) => {
      const found = await this.#get<{ [Name in Kind]: NonNullable<Change[Kind]> }>(`/api/${kind}s/${id}`);
      return found ? [[id, found[kind]] as const] : [];
    });
    return new Map((await Promise.all(shown)).flat());
  }

  /** What there is to see, by the routes that show one thing each. */
  async seen() {
    const people = await this.#get<{ users: NonNullable<Change["person"]>[] }>("/api/users/assignable");
    return {
      tickets: await this.#each("ticket"),
      machines: await this.#each("machine"),
      people: new Map(people?.users.map((one) => [one.id, one])),
    };
  }
}

async function play(steps: Step[], limit: number): Promise<void> {
  const shop = await Shop.open();
  const before = await shop.seen();
  const follower = new Follower(shop.on.app, shop.reader, before);
  await follower.begin();
  for (const { writes, asks } of steps) {
    shop.on.advance(1);
    const poll = async () => {
      for (let count = 0; count < asks; count++) await follower.poll(limit);
    };
    await Promise.all([...writes.map((write) => shop.write(write)), poll()]);
  }
  await follower.catchUp(limit);

  const seen = await shop.seen();
  expect(follower.shownTickets()).toEqual(seen.tickets);
  expect(follower.machines).toEqual(seen.machines);
  for (const id of follower.gone.person) follower.people.delete(id);
  expect(follower.people).toEqual(seen.people);
  const goneMachines = [...seen.machines.values()].filter(({ retired_at }) => retired_at !== null).map(({ id }) => id);
  for (const id of [...goneMachines, ...[...before.machines.keys()].filter((id) => !seen.machines.has(id))]) {
    const wasGone = (before.machines.get(id)?.retired_at ?? null) !== null;
    expect(wasGone || follower.gone.machine.has(id)).toBe(true);
  }
  for (const id of before.tickets.keys()) expect(follower.gone.ticket.has(id)).toBe(!seen.tickets.has(id));
}

test("who follows the changes ends with what everybody sees, and hears of all that is gone", { timeout: 120_000 }, () =>
  fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), fc.integer({ min: 1, max: 7 }), play), {
    numRuns: 25,
    endOnFailure: true,
  }),
);
