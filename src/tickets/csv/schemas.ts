import { z } from "@hono/zod-openapi";
import { count } from "../../http/schemas.ts";

const flag = (description: string) =>
  z
    .enum(["true", "false"])
    .default("false")
    .transform((value) => value === "true")
    .openapi({ type: "boolean", default: false, description });

export const ImportQuery = z.object({
  dry_run: flag("Report what would happen, and write nothing."),
  allow_gaps: flag(
    "Take numbers, too, that lie more than 1,000 above every known one of their machine type and month.",
  ),
});

export const ImportLine = z
  .object({
    line: count.openapi({ description: "Where it begins in the file; the header is line 1." }),
    status: z.enum(["imported", "skipped", "failed"]),
    ticket_id: z.string().nullable(),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .max(100)
      .openapi({
        description:
          "Why it failed or was skipped: of the first 100 lines that failed and the first 100 that were skipped.",
      }),
  })
  .openapi("ImportLine");
export type ImportLine = z.output<typeof ImportLine>;

export const ImportReport = z
  .object({
    dry_run: z.boolean(),
    total: count,
    imported: count,
    skipped: count.openapi({ description: "Their number exists already, in the shop or earlier in the file." }),
    failed: count,
    errors_omitted: count.openapi({ description: "Errors of the lines beyond those, which are not spelled out." }),
    lines: z.array(ImportLine).max(10_000),
  })
  .openapi("ImportReport");
export type ImportReport = z.output<typeof ImportReport>;
