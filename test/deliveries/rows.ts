import { execute, queryAll } from "../helpers.ts";

export interface DeliveryRow {
  id: number;
  channel: string;
  target: string;
  subject: string;
  event_type: string;
  payload: string;
  status: string;
  attempts: number;
  next_attempt_at: string | null;
  lease_token: string | null;
  lease_until: string | null;
  generation: number;
  claimed_generation: number | null;
  last_error: string | null;
  created_at: string;
  updated_at: string;
  completed_at: string | null;
}

export interface AttemptRow {
  delivery_id: number;
  id: number;
  generation: number;
  attempt: number;
  started_at: string;
  duration_ms: number;
  http_status: number | null;
  error: string | null;
  response: string | null;
}

export interface PushLogRow {
  delivery_id: number;
  ticket_id: number | null;
  user_id: number;
  subscription_id: number | null;
  status: string;
  http_status: number | null;
  error_message: string | null;
  attempt: number;
}

export const deliveryRows = (where = "1"): Promise<DeliveryRow[]> =>
  queryAll<DeliveryRow>(`SELECT * FROM deliveries WHERE ${where} ORDER BY id`);

/** The only delivery that fits. */
export async function onlyDelivery(where = "1"): Promise<DeliveryRow> {
  const [row, ...more] = await deliveryRows(where);
  if (!row || more.length > 0) throw new Error(`${row ? more.length + 1 : 0} deliveries where ${where}`);
  return row;
}

export const attemptRows = (deliveryId?: number): Promise<AttemptRow[]> =>
  queryAll<AttemptRow>(
    `SELECT * FROM delivery_attempts WHERE delivery_id = ${deliveryId ?? "delivery_id"} ORDER BY delivery_id, id`,
  );

export const pushLogRows = (): Promise<PushLogRow[]> =>
  queryAll<PushLogRow>(
    `SELECT delivery_id, ticket_id, user_id, subscription_id, status, http_status, error_message, attempt
     FROM push_logs ORDER BY id`,
  );

/** What the timeline says about notifications, oldest first: action and comment. */
export const notices = (ticketId: number): Promise<{ action: string; comment: string | null }[]> =>
  queryAll(
    `SELECT action, comment FROM ticket_timeline
     WHERE ticket_id = ? AND action IN ('notified', 'notification_failed') ORDER BY id`,
    ticketId,
  );

/** Everything that a delivery leaves in the database. */
export const traces = async () => ({
  deliveries: await deliveryRows(),
  attempts: await attemptRows(),
  logs: await pushLogRows(),
  timeline: await queryAll("SELECT * FROM ticket_timeline ORDER BY id"),
  subscriptions: await queryAll("SELECT * FROM push_subscriptions ORDER BY id"),
  endpoints: await queryAll("SELECT * FROM webhook_endpoints ORDER BY id"),
});

/** Empties the outbox and forgets every receiver, so that the next test starts alone. */
export const clearDeliveries = (): Promise<void> =>
  execute(
    "DELETE FROM delivery_attempts",
    "DELETE FROM push_logs",
    "DELETE FROM deliveries",
    "DELETE FROM push_subscriptions",
    "DELETE FROM expired_push_endpoints",
    "DELETE FROM webhook_endpoints",
  );

/** Puts `count` webhook deliveries that are due at `at` into the outbox, as the batch of a change would. */
export const insertDue = (count: number, target: string, at: string): Promise<void> =>
  execute(
    `INSERT INTO deliveries (channel, target, subject, event_type, payload, next_attempt_at, created_at, updated_at)
     WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
     SELECT 'webhook', '${target}', 'ticket:' || i, 'ticket.created',
            json_object('type', 'ticket.created', 'timestamp', '${at}', 'data', json_object('number', i)),
            '${at}', '${at}', '${at}' FROM n`,
  );
