import type { Permission } from "../vocabulary/roles.ts";

/** A permission; or else `reporter`: one's own ticket while it is `received`, and whoever may edit any ticket. */
export type Right = Permission | "reporter";

interface FieldEntry {
  /** Who may set it when a ticket is created, by a request or a line of a file (`tickets:csv`: only so). */
  create: Right | null;
  /** Who may set it afterwards, by PATCH. */
  change: Right | null;
  /** What a file may call its column beside its own name, folded (docs/import.md); null: files do not have it. */
  file: readonly string[] | null;
}

/**
 * Every field of a ticket that somebody sets (contract sections 2 and 4), in the order in which a refusal names them. Schemas,
 * INSERT, PATCH and the columns of files are held to this table by the compiler.
 */
export const FIELDS = {
  machine_id: { create: "tickets:create", change: null, file: [] },
  title: { create: "tickets:create", change: "reporter", file: ["titre"] },
  description: { create: "tickets:create", change: "reporter", file: [] },
  priority: { create: "tickets:create", change: "reporter", file: ["priorite"] },
  reporter_name: { create: "tickets:create", change: "tickets:edit", file: ["signale_par"] },
  reported_at: { create: "tickets:create", change: "tickets:edit", file: null },
  scheduled_date: { create: "tickets:create", change: "tickets:edit", file: ["prevu_le"] },
  is_machine_down: { create: "tickets:create", change: "tickets:work", file: ["machine_arretee"] },
  // Whoever may take tickets may name themselves; see `rightTo`.
  assigned_to: { create: "tickets:assign", change: "tickets:assign", file: ["assigne_a"] },
  // What a customer is told goes out in the shop's name, and whether an id is known is nobody else's business.
  customer_id: { create: "tickets:edit", change: "tickets:edit", file: null },
  status: { create: "tickets:csv", change: "tickets:work", file: ["etat", "statut"] },
  created_at: { create: "tickets:csv", change: null, file: ["cree_le"] },
  completed_at: { create: "tickets:csv", change: null, file: ["termine_le"] },
  comment: { create: null, change: "tickets:comment", file: null },
} as const satisfies Record<string, FieldEntry>;

export type TicketField = keyof typeof FIELDS;
export const TICKET_FIELDS = Object.keys(FIELDS) as TicketField[];

type Except<Key extends keyof FieldEntry, Value> = {
  [Field in TicketField]: (typeof FIELDS)[Field][Key] extends Value ? never : Field;
}[TicketField];

/** What the body of a creation may hold. */
export type CreatedField = Except<"create", null | "tickets:csv">;
/** What the body of a PATCH may hold. */
export type ChangedField = Except<"change", null>;
/** What a line of a file may hold. */
export type FileField = Except<"file", null>;
export const FILE_FIELDS = TICKET_FIELDS.filter((field): field is FileField => FIELDS[field].file !== null);
/** What has a column in the database, and is shown: all but the comment, which becomes an entry of the timeline. */
export type StoredField = Exclude<TicketField, "comment">;
export const STORED_FIELDS = TICKET_FIELDS.filter((field): field is StoredField => field !== "comment");
