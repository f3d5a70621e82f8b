import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import type { Stats } from "../../src/stats/schemas.ts";
import { machine, type Person, person, queryAll, send } from "../helpers.ts";
import { postCsv } from "../tickets/csv.ts";
import { openDesk } from "../tickets/desk.ts";
import { STATUSES } from "../tickets/stock.ts";
import { slowly } from "./slowly.ts";

// Random histories through the API and the cron run, with a clock in the test's hands: whatever has been kept, marked,
// counted again or not, the answer is the one that a slow computation finds in the rows.

const ZONES = ["America/Toronto", "Australia/Lord_Howe", "Pacific/Apia"];
const HOUR_MS = 3_600_000;
const desks = ZONES.map((TIME_ZONE) => openDesk("2026-03-01T15:00:00.000Z", { TIME_ZONE }));
let admin: Person;

interface Step {
  kind:
    | "create"
    | "move"
    | "acknowledge"
    | "restate"
    | "delete"
    | "retire"
    | "import"
    | "wait"
    | "cron"
    | "move house"
    | "ask";
  which: number;
  amount: number;
  flag: boolean;
}

const step = fc.record<Step>({
  kind: fc.oneof(
    ...(
      [
        ["create", 8],
        ["move", 12],
        ["acknowledge", 3],
        ["restate", 3],
        ["delete", 1],
        ["retire", 1],
        ["import", 2],
        ["wait", 10],
        ["cron", 8],
        ["move house", 1],
        ["ask", 8],
      ] as const
    ).map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind) })),
  ),
  which: fc.nat(9_999),
  amount: fc.nat(9_999),
  flag: fc.boolean(),
});

let desk = desks[0] as (typeof desks)[number];
let zone = ZONES[0] as string;

const pick = <T>(items: T[], which: number): T | undefined => items[which % items.length];
const ticketIds = () =>
  queryAll<{ id: number }>("SELECT id FROM tickets WHERE deleted_at IS NULL ORDER BY id DESC LIMIT 40");
const machineIds = () => queryAll<{ id: number }>("SELECT id FROM machines WHERE retired_at IS NULL ORDER BY id");
const iso = (ms: number) => new Date(ms).toISOString();

async function ask({ which, amount, flag }: Step): Promise<void> {
  const now = desk.clock.now();
  const to = now.getTime() + (flag ? 0 : ((which % 41) - 35) * 24 * HOUR_MS + amount * 1000);
  const from = to - ((amount % 60) + 1) * 24 * HOUR_MS + (which % 3) * 777_777;
  const one = which % 3 === 0 ? (pick(await machineIds(), amount)?.id ?? null) : null;
  const period = { from: iso(from), to: iso(to), machine_id: one };
  const path = `/api/stats?from=${period.from}&to=${period.to}${one === null ? "" : `&machine_id=${one}`}`;
  const response = await desk.get(admin, path);
  const { stats } = (await response.json()) as { stats: Stats };
  expect(stats).toEqual(await slowly(period, now, zone));
}

/** Every third time it was done up to 25 days before, without a network. */
const offline = ({ which, amount }: Step) =>
  which % 3 === 0 ? { occurred_at: iso(desk.clock.now().getTime() - (amount % 600) * HOUR_MS) } : {};

async function take(taken: Step): Promise<void> {
  const { kind, which, amount, flag } = taken;
  const ticket = pick(await ticketIds(), which)?.id;
  const own = pick(await machineIds(), amount)?.id;
  // What the desk refuses (a move that the ticket cannot make, say) changes nothing.
  if (kind === "create" && own) {
    const fields = { title: "Spindle vibrates", machine_id: own, is_machine_down: flag };
    await desk.app.request("/api/tickets", send(admin, fields));
  }
  if (kind === "move" && ticket) {
    const status = STATUSES[amount % STATUSES.length];
    await desk.patch(admin, ticket, { status, ...(which % 7 === 0 && { is_machine_down: flag }), ...offline(taken) });
  }
  if (kind === "acknowledge" && ticket) {
    await desk.app.request(`/api/tickets/${ticket}/acknowledge`, send(admin, offline(taken)));
  }
  if (kind === "restate" && ticket) await desk.patch(admin, ticket, { is_machine_down: flag });
  if (kind === "delete" && ticket) await desk.remove(admin, ticket);
  if (kind === "retire" && own && (await machineIds()).length > 2) {
    await desk.app.request(`/api/machines/${own}`, send(admin, undefined, {}, "DELETE"));
    await machine("CNC", `Machine ${which}`);
  }
  if (kind === "import" && own) {
    const created = desk.clock.now().getTime() - amount * 20 * 60_000 - HOUR_MS;
    const status = ["completed", "received", "cancelled", "archived"][which % 4] as string;
    const completed = status === "completed" ? iso(created + (which % 50) * (flag ? 60_000 : 2 * HOUR_MS)) : "";
    const line = `Old one,${own},${status},${which % 2 ? "yes" : "no"},${iso(created)},${completed}`;
    const file = `title,machine_id,status,is_machine_down,created_at,completed_at\n${line}`;
    await postCsv(desk.app, admin, file);
  }
  if (kind === "wait") for (const { clock } of desks) clock.pass(flag ? amount / 20 : (amount % 120) * 60);
  if (kind === "cron") for (let run = 0; run <= which % 3; run++) await desk.cron();
  if (kind === "move house") {
    desk = desks[which % desks.length] ?? desk;
    zone = ZONES[which % desks.length] ?? zone;
  }
  if (kind === "ask") await ask(taken);
}

beforeAll(async () => {
  admin = await person("admin");
  for (let i = 0; i < 4; i++) await machine("CNC", `Machine ${i}`);
});

test("the figures are those of a slow computation, whatever happens in whatever order", async () => {
  const history = fc.array(step, { minLength: 60, maxLength: 60, size: "max" });
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      for (const taken of steps) await take(taken);
      await ask({ kind: "ask", which: 1, amount: 4321, flag: true });
    }),
    { numRuns: 10, endOnFailure: true },
  );
  // A year's days are kept in 27 runs.
  for (let run = 0; run < 30; run++) await desk.cron();
  expect(
    await queryAll(
      "SELECT MIN(is_stale = 0 AND time_zone = ?) AS are_kept, COUNT(*) > 20 AS are_many FROM stats_days",
      zone,
    ),
  ).toEqual([{ are_kept: 1, are_many: 1 }]);
  await ask({ kind: "ask", which: 7, amount: 59, flag: true });
}, 180_000);
