import { index, integer, primaryKey, sqliteTable, text, unique } from "drizzle-orm/sqlite-core";

export const channel_pauses = sqliteTable("channel_pauses", {
  channel: text({ enum: ["push", "webhook", "email", "stripe"] }).primaryKey(),
  reason: text({ enum: ["authentication", "permission"] }).notNull(),
  credential: text().notNull(),
  since: text().notNull(),
  probe_at: text().notNull(),
  probe_delivery_id: integer(),
});

export const external_links = sqliteTable(
  "external_links",
  {
    kind: text({ enum: ["stripe_customer"] }).notNull(),
    local_id: integer().notNull(),
    remote_id: text().notNull(),
    linked_at: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.kind, t.local_id] }), unique().on(t.kind, t.remote_id)],
);

export const stripe_creations = sqliteTable("stripe_creations", {
  customer_id: integer().primaryKey(),
  idempotency_key: text().notNull(),
  parameters: text().notNull(),
  is_spent: integer({ mode: "boolean" }).notNull().default(false),
  first_tried_at: text().notNull(),
  last_tried_at: text().notNull(),
});

export const stripe_events = sqliteTable(
  "stripe_events",
  {
    id: text().primaryKey(),
    type: text().notNull(),
    object_id: text(),
    created: integer().notNull(),
    receipt: text().notNull(),
    received_at: text().notNull(),
  },
  (t) => [
    index("stripe_events_object_id").on(t.object_id, t.created),
    index("stripe_events_received_at").on(t.received_at),
  ],
);
