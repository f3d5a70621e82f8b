import { z } from "@hono/zod-openapi";
import { PAGE_MAX, pageQuery } from "../http/cursor.ts";
import { id } from "../http/schemas.ts";
import { Machine } from "../machines/schemas.ts";
import { TicketWithTimeline } from "../tickets/schemas.ts";
import { AssignableUser } from "../users/schemas.ts";

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
