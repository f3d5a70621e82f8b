import { z } from "@hono/zod-openapi";
import { PAGE_MAX, pageQuery } from "../http/cursor.ts";
import { count, id } from "../http/schemas.ts";
import { Machine } from "../machines/schemas.ts";
import { SignedInUser } from "../sessions/schemas.ts";
import { TicketWithTimeline } from "../tickets/schemas.ts";
import { ASSIGNABLE_MAX, AssignableUser } from "../users/schemas.ts";
import { LOCALES } from "../vocabulary/locales.ts";
import { TITLES_SHOWN } from "./titles.ts";

export const ChangesQuery = z.object({
  ...pageQuery,
  cursor: pageQuery.cursor.openapi({
    description: "`next_cursor` of the answer before. Without it: what changes from now on.",
  }),
});
export type ChangesQuery = z.output<typeof ChangesQuery>;

/** What there are changes of: a ticket before its machine, where one change concerns both. */
export const CHANGE_KINDS = ["ticket", "machine", "person"] as const;

export const Change = z
  .object({
    seq: id.openapi({ description: "Rises with each change of anything." }),
    kind: z.enum(CHANGE_KINDS),
    id,
    gone: z.boolean().openapi({
      description: "A ticket is deleted, a machine retired or removed, a person cannot be given tickets any more.",
    }),
    ticket: TicketWithTimeline.optional().openapi({
      description: "As `GET /api/tickets/{ref}` shows it; none that is gone.",
    }),
    machine: Machine.optional().openapi({ description: "As `GET /api/machines/{id}` shows it, also when retired." }),
    person: AssignableUser.optional().openapi({ description: "Also when gone: tickets go on naming them." }),
  })
  .openapi("Change");
export type Change = z.output<typeof Change>;

/** Whom a page can be about: each change names a ticket, a machine, a person, or a ticket and its machine. */
const ENTRIES_MAX = 2 * PAGE_MAX;

export const ChangesOutput = z
  .object({
    changes: z
      .array(Change)
      .max(ENTRIES_MAX)
      .openapi({ description: "What has changed, each once, the oldest change first." }),
    next_cursor: z.string().openapi({ description: "Where to go on from, now or later." }),
    more: z.boolean().openapi({ description: "More has changed: go on at once." }),
  })
  .openapi("ChangesOutput");
export type ChangesOutput = z.output<typeof ChangesOutput>;

/** What a phone begins with at most: my open work, what I reported, machines, open tickets that are counted. */
export const QUEUE_MAX = PAGE_MAX;
export const REPORTED_MAX = 20;
export const MACHINES_MAX = 1000;
export const UNASSIGNED_MAX = 1000;

export const BootstrapOutput = z
  .object({
    user: SignedInUser,
    permissions: z.array(z.string()).max(100).openapi({ description: "What this person may do, by role." }),
    settings: z.object({
      time_zone: z.string(),
      locale: z.enum(LOCALES).openapi({ description: "The shop's language, for whoever has chosen none." }),
      version: z.string(),
      public_origin: z.string().openapi({ format: "uri", description: "Where labels and links lead." }),
      escalate_after_minutes: count,
      vapid_public_key: z.string(),
    }),
    queue: z
      .array(TicketWithTimeline)
      .max(QUEUE_MAX)
      .openapi({ description: "My open work, as `GET /api/me/queue` orders it." }),
    unassigned: z.object({ count: count.openapi({ description: "Open tickets that nobody has." }) }),
    reported: z
      .array(TicketWithTimeline)
      .max(REPORTED_MAX)
      .openapi({ description: "What I reported last, newest first." }),
    machines: z
      .array(
        Machine.extend({
          frequent_titles: z.array(z.string()).max(TITLES_SHOWN).openapi({
            description: "What was reported most lately: of the machine, then of its type.",
          }),
        }),
      )
      .max(MACHINES_MAX)
      .openapi({ description: "Those in use, in the order in which they were added." }),
    people: z.array(AssignableUser).max(ASSIGNABLE_MAX).openapi({ description: "Who may be given a ticket, by name." }),
    cursor: z.string().openapi({ description: "What changes after this, `GET /api/changes` tells from here on." }),
    sealing_key: z.string().openapi({
      description: "32 bytes in base64url, this person's alone: what a phone seals for them is sealed by it.",
    }),
  })
  .openapi("BootstrapOutput");
export type BootstrapOutput = z.output<typeof BootstrapOutput>;
