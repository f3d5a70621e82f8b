import { z } from "zod";
import type { TICKET_SORTS } from "./schemas.ts";

export type Sort = (typeof TICKET_SORTS)[number] | "queue";

interface SortOrder {
  /** SQL of the sort key over `t`, ending in the id so that no two rows are equal. */
  key: string[];
  direction: "ASC" | "DESC";
  /** The shape of the key in a cursor. */
  cursor: z.ZodType<(string | number)[]>;
}

const instant = z.iso.datetime();
const id = z.int().positive();
const rank = z.int().min(0).max(3);

/** Every order of a list: one direction for the whole key, so that one row comparison finds the next page. */
export const SORTS: Record<Sort, SortOrder> = {
  "-created_at": { key: ["t.created_at", "t.id"], direction: "DESC", cursor: z.tuple([instant, id]) },
  created_at: { key: ["t.created_at", "t.id"], direction: "ASC", cursor: z.tuple([instant, id]) },
  "-updated_at": { key: ["t.updated_at", "t.id"], direction: "DESC", cursor: z.tuple([instant, id]) },
  priority: {
    key: ["t.priority_rank", "t.created_at", "t.id"],
    direction: "DESC",
    cursor: z.tuple([rank, instant, id]),
  },
  // Machine-down first, then the most urgent, then who has waited longest.
  queue: {
    key: ["1 - t.is_machine_down", "3 - t.priority_rank", "t.created_at", "t.id"],
    direction: "ASC",
    cursor: z.tuple([rank, rank, instant, id]),
  },
};
