import { execute } from "../helpers.ts";

/** When it is now in the busy shop; its tickets were made in the three years before. */
export const NOW = "2026-11-20T15:00:00.000Z";

const SECONDS = 3 * 365 * 24 * 60 * 60;

/** Ids of whoever and whatever a list is asked for. The rare ones have only tickets from the shop's first days. */
export const SHOP = {
  machines: 30,
  rareMachine: 30,
  people: 40,
  rarePerson: 40,
  /** Every tenth ticket is theirs. */
  bigCustomer: 1,
  customers: 8000,
};

const instant = (seconds: string) => `strftime('%Y-%m-%dT%H:%M:%fZ', '${NOW}', (${seconds}) || ' seconds')`;
const upTo = (count: number) => `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;

/**
 * A shop of three years, written past the API: of its tickets nearly all are done; the newest and a few old ones are
 * open. The first hundred are all that is cancelled, critical or of the rare machine, type, customer and person: what a
 * list of the newest comes to last. Everything else that a shop collects is there in proportion. Machines and people have
 * ids from 1; those who are there already stay.
 */
export async function busyShop(tickets: number): Promise<void> {
  const first = instant(String(-SECONDS));
  await execute(
    `INSERT OR IGNORE INTO machine_types (id, code, name, created_at, updated_at)
     SELECT key + 1, value, value, ${first}, ${first} FROM json_each('["CNC", "LSR", "PRS", "RAR"]')`,
    `${upTo(SHOP.machines)} INSERT OR IGNORE INTO machines (id, machine_type_id, name, qr_token, search_text, created_at, updated_at)
     SELECT i, iif(i = ${SHOP.rareMachine}, 4, 1 + i % 3), 'Machine ' || i, printf('q%021d', i), ' machine ' || i, ${first}, ${first}
     FROM n`,
    `${upTo(SHOP.people)} INSERT OR IGNORE INTO users (id, name, email, role, created_at, updated_at)
     SELECT i, 'Person ' || i, 'person.' || i || '@shop.example', iif(i % 2, 'technician', 'operator'), ${first}, ${first}
     FROM n`,
    `${upTo(SHOP.customers)} INSERT INTO customers (name, name_words, company, company_words, email, phone, created_at, updated_at, archived_at)
     SELECT name, ' ' || lower(name), 'Company ' || i, ' company ' || i, 'c' || i || '@customer.example',
            printf('+3361%07d', i), ${first}, ${first}, iif(i % 50 = 0, ${first}, NULL)
     FROM (SELECT i, iif(i = 2, 'Zebulon', 'Customer ' || i) AS name FROM n)`,
    `INSERT INTO contact_methods (customer_id, kind, value, is_primary, created_at, updated_at)
     SELECT id, 'email', email, 1, created_at, created_at FROM customers
     UNION ALL SELECT id, 'phone', phone, 1, created_at, created_at FROM customers`,
    `${upTo(tickets)} INSERT INTO tickets (id, ticket_id, title, status, priority, machine_id, machine_type_id, customer_id, reported_by,
       reporter_name, assigned_to, is_machine_down, scheduled_date, reported_at, acknowledged_at, acknowledged_by,
       completed_at, created_at, updated_at, search_text)
     SELECT i, printf('CNC-0120-%06d', i), 'Spindle vibrates', status,
            iif(is_rare, 'critical', CASE WHEN i % 10 = 0 THEN 'high' WHEN i % 5 = 0 THEN 'low' ELSE 'medium' END),
            machine, (SELECT machine_type_id FROM machines WHERE id = machine),
            CASE WHEN is_rare THEN 2 WHEN i % 10 = 0 THEN ${SHOP.bigCustomer} WHEN i % 4 = 0 THEN 3 + i % ${SHOP.customers - 3} END,
            iif(is_rare, ${SHOP.rarePerson}, 1 + i % ${SHOP.people - 1}), 'Somebody',
            CASE WHEN is_rare THEN ${SHOP.rarePerson} WHEN i % 3 = 0 AND is_open THEN NULL ELSE 1 + i / 7 % ${SHOP.people - 1} END,
            i % 20 = 0, iif(i % 6 = 0, ${instant("began + 864000")}, NULL), at, iif(is_open, NULL, ${instant("began + 3600")}), iif(is_open, NULL, 1),
            iif(status IN ('completed', 'archived'), updated, NULL), at, updated, ' spindle vibrates'
     FROM (SELECT *, status IN ('received', 'diagnostic', 'in_progress', 'waiting_parts') AS is_open,
                  ${instant("began")} AS at, ${instant("MIN(0, began + 7200 + i * 104729 % 165600)")} AS updated
           FROM (SELECT i, i <= 100 AS is_rare, -(${tickets} - i + 1) * ${SECONDS}.0 / ${tickets} AS began,
                        iif(i <= 100, ${SHOP.rareMachine}, 1 + i % ${SHOP.machines - 1}) AS machine,
                        CASE WHEN i <= 100 THEN 'cancelled'
                             WHEN i > ${tickets - 200} OR i % 500 = 0
                               THEN CASE i % 4 WHEN 0 THEN 'received' WHEN 1 THEN 'diagnostic' WHEN 2 THEN 'in_progress' ELSE 'waiting_parts' END
                             WHEN i > ${tickets / 2} THEN 'completed' ELSE 'archived' END AS status FROM n))`,
    `${upTo(5)} INSERT INTO ticket_timeline (ticket_id, id, user_id, user_name, action, new_value, created_at)
     SELECT t.id, (t.id << 20) + i, 1, 'Somebody', iif(i = 1, 'created', 'status_changed'), t.status, t.updated_at FROM n CROSS JOIN tickets t`,
    `INSERT INTO machine_timeline (machine_id, id, user_id, user_name, old_value, new_value, cause, ticket_id, created_at)
     SELECT machine_id, id, 1, 'Somebody', 'operational', 'out_of_service', 'tickets', id, created_at FROM tickets
     WHERE is_machine_down = 1`,
    // One for each ticket. What waits and what has failed is old.
    `INSERT INTO deliveries (id, channel, target, subject, event_type, payload, status, attempts, next_attempt_at, created_at,
       updated_at, completed_at)
     SELECT id, channel, iif(channel = 'push', 'user:' || reported_by, channel || ':1'),
            iif(channel = 'stripe', 'customer:' || id, 'ticket:' || id), 'ticket.created', '{}', status, 1,
            iif(status = 'pending', updated_at, NULL), created_at, updated_at, iif(status = 'completed', updated_at, NULL)
     FROM (SELECT *, CASE WHEN id <= 20 THEN 'stripe' WHEN id % 3 = 0 THEN 'push' WHEN id % 3 = 1 THEN 'webhook' ELSE 'email' END AS channel,
                  CASE WHEN id <= 10 THEN 'failed' WHEN id <= 30 THEN 'pending' ELSE 'completed' END AS status
           FROM (SELECT id, reported_by, created_at, updated_at FROM tickets))`,
    `INSERT INTO deliveries (channel, target, subject, event_type, payload, status, created_at, updated_at, completed_at)
     SELECT 'stripe', 'stripe:customers', 'customer:' || id, 'customer.sync', '{}', 'completed', created_at, created_at, created_at
     FROM customers`,
    `INSERT INTO delivery_attempts (delivery_id, id, generation, attempt, started_at, duration_ms, http_status)
     SELECT id, 1, 1, 1, updated_at, 20, 200 FROM deliveries`,
    `INSERT INTO push_logs (delivery_id, generation, ticket_id, user_id, subscription_id, status, attempt, created_at)
     SELECT d.id, 1, d.id, t.reported_by, 1, 'success', 1, d.updated_at FROM deliveries d JOIN tickets t ON t.id = d.id
     WHERE d.channel = 'push' OR d.id = 1`,
    `INSERT INTO email_messages (tracking_id, ticket_id, template, subject, origin, created_at)
     SELECT printf('%036d', id), id, 'received', 'Your ticket', 'https://shop.example', created_at FROM tickets WHERE customer_id IS NOT NULL`,
    `INSERT INTO email_history (tracking_id, token, recipient, customer_id, language, status, sent_at, created_at)
     SELECT printf('%036d', t.id), printf('t%021d', t.id), c.email, c.id, 'en', 'sent', t.created_at, t.created_at
     FROM tickets t JOIN customers c ON c.id = t.customer_id`,
    `INSERT INTO contact_history (customer_id, ticket_id, channel, direction, summary, created_at)
     SELECT customer_id, id, 'email', 'outbound', 'ticket.received', created_at FROM tickets WHERE customer_id IS NOT NULL`,
    `INSERT INTO attachments (ticket_id, user_id, file_name, content_type, size_bytes, sha256, object_key, created_at)
     SELECT id, 1, 'photo.jpg', 'image/jpeg', 5, printf('%064d', id), 'object-' || id, created_at FROM tickets WHERE id % 10 = 0`,
    `INSERT INTO idempotency_keys (user_id, route, key, request_hash, status, headers, body, created_at)
     SELECT reported_by, 'POST /api/tickets', 'key-' || id, '', 201, '{}', '{}', ${instant("-id")} FROM tickets WHERE id % 4 = 0`,
    `INSERT INTO sessions (user_id, token, expires_at, created_at, updated_at)
     SELECT reported_by, 'token-' || id, '2027-01-01T00:00:00.000Z', created_at, created_at FROM tickets WHERE id % 40 = 0`,
    `INSERT INTO stripe_events (id, type, object_id, created, receipt, received_at)
     SELECT 'evt_' || id, 'customer.updated', 'cus_' || id % ${SHOP.customers}, id, 'receipt', ${instant("-id")} FROM tickets WHERE id % 10 = 0`,
    `INSERT INTO external_links (kind, local_id, remote_id, linked_at)
     SELECT 'stripe_customer', id, 'cus_' || id, created_at FROM customers`,
    `INSERT INTO sign_in_guesses (subject, guesses, resets_at)
     SELECT printf('%043d', id), 1, '2027-01-01T00:00:00.000Z' FROM tickets WHERE id % 20 = 0`,
    `INSERT INTO webhook_endpoints (url, events, secret, created_at, updated_at)
     VALUES ('https://hooks.example.com/busy', '["ticket.created"]', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', ${first}, ${first})`,
  );
}
