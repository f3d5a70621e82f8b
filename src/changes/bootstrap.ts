import { createHmac } from "node:crypto";
import packageJson from "../../package.json" with { type: "json" };
import type { ActorContext } from "../context.ts";
import { type BoundedPage, type BoundedRow, pageOf, selectPage } from "../db/bounded-page.ts";
import { jsonObjectText } from "../db/json.ts";
import { derivedKey } from "../http/sealed.ts";
import { machineColumns } from "../machines/machines.ts";
import { SignedInUser } from "../sessions/schemas.ts";
import { ticketPage } from "../tickets/list.ts";
import type { TicketWithTimeline } from "../tickets/schemas.ts";
import { newestEntries, withNewest } from "../tickets/timeline.ts";
import { selectAssignable } from "../users/read.ts";
import { can, PERMISSIONS, type Permission } from "../vocabulary/roles.ts";
import { OPEN_STATUSES } from "../vocabulary/statuses.ts";
import { cursorAfter, NEWEST_CHANGE } from "./changes.ts";
import { type BootstrapOutput, MACHINES_MAX, QUEUE_MAX, REPORTED_MAX, UNASSIGNED_MAX } from "./schemas.ts";
import { frequentTitles, selectTitles } from "./titles.ts";

const MACHINES = `
  SELECT ${jsonObjectText(machineColumns)} AS document FROM machines
  JOIN machine_types ON machine_types.id = machines.machine_type_id
  WHERE machines.retired_at IS NULL ORDER BY machines.id LIMIT ${MACHINES_MAX}`;

// Open work is looked through up to a number: nobody reads on where a thousand tickets wait.
const UNASSIGNED = `
  SELECT COUNT(*) AS count
  FROM (SELECT t.assigned_to FROM tickets t INDEXED BY tickets_status
        WHERE t.status IN (${OPEN_STATUSES.map((status) => `'${status}'`).join(", ")}) AND t.deleted_at IS NULL
        LIMIT ${UNASSIGNED_MAX})
  WHERE assigned_to IS NULL`;

/** A page of tickets with their timelines. */
const withTimelines = (page: BoundedPage): BoundedPage => ({
  ...page,
  document: `json_object('ticket', json(d.ticket), 'entries', json(${newestEntries("d.id")}))`,
});

function ticketsOf(page: BoundedPage, rows: D1Result<unknown> | undefined): TicketWithTimeline[] {
  return pageOf(page, (rows?.results ?? []) as BoundedRow[]).documents.map((document) => {
    const { ticket, entries } = JSON.parse(document);
    return withNewest(ticket, entries);
  });
}

/** The key by which a phone seals what its owner leaves behind: the same for one person always, and nobody else's. */
const sealingKey = ({ env, actor }: ActorContext): string =>
  createHmac("sha256", derivedKey(env, "phone-sealing-key")).update(`${actor.id}`).digest("base64url");

/**
 * All that a phone begins with, read at one moment in one trip: what changes after it, `listChanges` tells from `cursor`.
 * Each list is bounded (contract section 1).
 */
export async function bootstrap(ctx: ActorContext): Promise<BootstrapOutput> {
  const { env, actor } = ctx;
  const { DB } = env;
  const mine = { assigned_to: "me" as const, limit: QUEUE_MAX };
  const queue = withTimelines(ticketPage(ctx, mine, "queue", null, null));
  const reported = withTimelines(
    ticketPage(ctx, { reported_by: actor.id, limit: REPORTED_MAX }, "-created_at", null, null),
  );
  const [queueRows, reportedRows, heads, machineRows, people, titles] = await DB.batch<unknown>([
    selectPage(DB, queue),
    selectPage(DB, reported),
    DB.prepare(`SELECT ${NEWEST_CHANGE} AS newest, (${UNASSIGNED}) AS unassigned`),
    DB.prepare(MACHINES),
    selectAssignable(ctx),
    selectTitles(ctx),
  ]);
  const [head = { newest: 0, unassigned: 0 }] = (heads?.results ?? []) as { newest: number; unassigned: number }[];
  const machines = ((machineRows?.results ?? []) as { document: string }[]).map(({ document }) => JSON.parse(document));
  const titlesOf = frequentTitles(titles, machines);
  return {
    user: SignedInUser.parse(actor),
    permissions: (Object.keys(PERMISSIONS) as Permission[]).filter((permission) => can(actor.role, permission)),
    settings: {
      time_zone: env.TIME_ZONE,
      locale: env.DEFAULT_LOCALE,
      version: packageJson.version,
      public_origin: ctx.origin,
      escalate_after_minutes: env.ESCALATE_AFTER_MINUTES,
      vapid_public_key: env.VAPID_PUBLIC_KEY,
    },
    queue: ticketsOf(queue, queueRows),
    unassigned: { count: head.unassigned },
    reported: ticketsOf(reported, reportedRows),
    machines: machines.map((machine) => ({ ...machine, frequent_titles: titlesOf(machine) })),
    people: (people?.results ?? []) as BootstrapOutput["people"],
    cursor: cursorAfter(head.newest),
    sealing_key: sealingKey(ctx),
  };
}
