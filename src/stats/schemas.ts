import { z } from "@hono/zod-openapi";
import { count, INSTANT_BOUNDS, id, inputInstant, instant, pathId } from "../http/schemas.ts";
import { TICKET_PRIORITIES } from "../vocabulary/priorities.ts";
import { TICKET_STATUSES } from "../vocabulary/statuses.ts";

export const StatsQuery = z.object({
  from: inputInstant.optional().openapi({ description: `Default: 30 days before \`to\`. ${INSTANT_BOUNDS}` }),
  to: inputInstant.optional().openapi({
    description: `Default: now. After \`from\`, by at most five years (1827 days). ${INSTANT_BOUNDS}`,
  }),
  machine_id: pathId.optional(),
});
export type StatsQuery = z.output<typeof StatsQuery>;

/** The longest period: five years. */
export const DAYS_MAX = 1827;
/** Machines listed under downtime, the worst first. What is told of all machines is made from all of them. */
export const MACHINES_MAX = 200;

const Durations = z
  .object({ count, median_seconds: z.number().nullable(), p90_seconds: z.number().nullable() })
  .openapi("Durations");

export const Stats = z
  .object({
    from: instant,
    to: instant,
    machine_id: id.nullable(),
    open_by_status: z
      .partialRecord(z.enum(TICKET_STATUSES), count)
      .openapi({ description: "Now, open statuses only." }),
    open_by_priority: z.record(z.enum(TICKET_PRIORITIES), count).openapi({ description: "Now." }),
    overdue: count.openapi({ description: "Open now and past their scheduled_date." }),
    per_day: z
      .array(
        z.object({
          day: z.string().openapi({ format: "date", example: "2026-11-20" }),
          created: count,
          completed: count,
        }),
      )
      .max(DAYS_MAX + 1)
      .openapi({ description: "Days of the shop's time zone, of the whole period." }),
    time_to_acknowledge: Durations,
    time_to_complete: Durations,
    downtime: z
      .array(z.object({ machine_id: id, machine_name: z.string(), failures: count, downtime_seconds: count }))
      .max(MACHINES_MAX)
      .openapi({
        description: "The 200 machines that stood longest; overlapping stops count once, and none beyond now.",
      }),
    mttr_seconds: z.number().nullable().openapi({ description: "Mean time to repair." }),
    mtbf_seconds: z.number().nullable().openapi({ description: "Mean time between failures, of all machines." }),
  })
  .openapi("Stats");
export type Stats = z.output<typeof Stats>;

export const StatsOutput = z.object({ stats: Stats }).openapi("StatsOutput");
