import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, unique } from "drizzle-orm/sqlite-core";
import { users } from "./people.ts";
import { tickets } from "./tickets.ts";

export const deliveries = sqliteTable(
  "deliveries",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    channel: text({ enum: ["push", "webhook", "email", "stripe"] }).notNull(),
    target: text().notNull(),
    subject: text().notNull(),
    event_type: text().notNull(),
    payload: text().notNull(),
    status: text({ enum: ["pending", "processing", "completed", "failed"] })
      .notNull()
      .default("pending"),
    attempts: integer().notNull().default(0),
    next_attempt_at: text(),
    lease_token: text(),
    lease_until: text(),
    generation: integer().notNull().default(1),
    claimed_generation: integer(),
    last_error: text(),
    created_at: text().notNull(),
    updated_at: text().notNull(),
    completed_at: text(),
  },
  (t) => [
    unique().on(t.channel, t.target, t.subject, t.event_type),
    index("deliveries_due").on(t.channel, t.next_attempt_at).where(sql`status = 'pending'`),
    index("deliveries_leased").on(t.lease_until).where(sql`status = 'processing'`),
    index("deliveries_failed").on(t.channel, t.updated_at).where(sql`status = 'failed'`),
    index("deliveries_completed").on(t.channel, t.completed_at).where(sql`status = 'completed'`),
    index("deliveries_subject").on(t.subject),
  ],
);

export const delivery_attempts = sqliteTable(
  "delivery_attempts",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    delivery_id: integer()
      .notNull()
      .references(() => deliveries.id),
    generation: integer().notNull(),
    attempt: integer().notNull(),
    started_at: text().notNull(),
    duration_ms: integer().notNull(),
    http_status: integer(),
    error: text(),
    response: text(),
  },
  (t) => [index("delivery_attempts_delivery_id").on(t.delivery_id, t.id)],
);

export const push_subscriptions = sqliteTable(
  "push_subscriptions",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    user_id: integer()
      .notNull()
      .references(() => users.id),
    session_id: integer(),
    endpoint: text().notNull().unique(),
    p256dh: text().notNull(),
    auth: text().notNull(),
    device_name: text(),
    created_at: text().notNull(),
    last_used_at: text().notNull(),
  },
  (t) => [
    index("push_subscriptions_user_id").on(t.user_id, t.last_used_at),
    index("push_subscriptions_session_id").on(t.session_id),
  ],
);

export const expired_push_endpoints = sqliteTable(
  "expired_push_endpoints",
  {
    endpoint_digest: text().primaryKey(),
    expired_at: text().notNull(),
  },
  (t) => [index("expired_push_endpoints_expired_at").on(t.expired_at)],
);

export const push_logs = sqliteTable(
  "push_logs",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    delivery_id: integer()
      .notNull()
      .references(() => deliveries.id),
    generation: integer().notNull(),
    ticket_id: integer().references(() => tickets.id),
    user_id: integer()
      .notNull()
      .references(() => users.id),
    subscription_id: integer(),
    status: text({ enum: ["success", "failed", "expired", "no_device"] }).notNull(),
    http_status: integer(),
    error_message: text(),
    not_before: text(),
    attempt: integer().notNull(),
    created_at: text().notNull(),
  },
  (t) => [
    index("push_logs_delivery_id").on(t.delivery_id, t.id),
    index("push_logs_ticket_id").on(t.ticket_id, t.id),
    index("push_logs_user_id").on(t.user_id, t.id),
  ],
);

export const webhook_endpoints = sqliteTable(
  "webhook_endpoints",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    url: text().notNull(),
    description: text(),
    events: text().notNull(),
    active: integer({ mode: "boolean" }).notNull().default(true),
    secret: text().notNull(),
    previous_secret: text(),
    previous_secret_until: text(),
    failing_since: text(),
    disabled_reason: text({ enum: ["gone", "failing"] }),
    source: text().unique(),
    created_at: text().notNull(),
    updated_at: text().notNull(),
    deleted_at: text(),
  },
  (t) => [index("webhook_endpoints_active").on(t.id).where(sql`active = 1`)],
);
