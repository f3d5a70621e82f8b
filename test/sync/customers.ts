import { expect } from "vitest";
import { type App, execute, type Person, queryAll, send } from "../helpers.ts";

export interface CustomerFields {
  name?: string;
  company?: string | null;
  email?: string | null;
  phone?: string | null;
  language?: "en" | "fr" | null;
  notes?: string | null;
}

/** Adds a customer through the API; returns the id. */
export async function addCustomer(app: App, by: Person, fields: CustomerFields = {}): Promise<number> {
  const response = await app.request("/api/customers", send(by, { name: "Jeanne Tremblay", ...fields }));
  expect(response.status).toBe(201);
  return ((await response.json()) as { customer: { id: number } }).customer.id;
}

export async function editCustomer(app: App, by: Person, id: number, fields: CustomerFields): Promise<void> {
  const response = await app.request(`/api/customers/${id}`, send(by, fields, {}, "PATCH"));
  expect(response.status).toBe(200);
}

/** Puts `count` customers into the table, with nothing else. */
export const insertCustomers = (count: number): Promise<void> =>
  execute(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
     INSERT INTO customers (name, email, created_at, updated_at)
     SELECT 'Customer ' || i, 'customer' || i || '@example.com', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z' FROM n`,
  );

export const links = () =>
  queryAll<{ local_id: number; remote_id: string }>("SELECT local_id, remote_id FROM external_links ORDER BY local_id");

export const creations = () =>
  queryAll<{ customer_id: number; parameters: string; is_spent: number; idempotency_key: string }>(
    "SELECT customer_id, parameters, is_spent, idempotency_key FROM stripe_creations ORDER BY customer_id",
  );

export const pauses = () =>
  queryAll<{ reason: string; probe_delivery_id: number | null }>("SELECT * FROM channel_pauses");

/** Empties all that these tests fill. */
export const clearSync = (): Promise<void> =>
  execute(
    ...[
      "delivery_attempts",
      "push_logs",
      "deliveries",
      "external_links",
      "stripe_creations",
      "stripe_events",
      "channel_pauses",
      "contact_history",
      "contact_methods",
      "contact_preferences",
      "tickets",
      "customers",
    ].map((table) => `DELETE FROM ${table}`),
  );
