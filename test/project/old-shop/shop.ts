import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { filling, range } from "./filling.ts";
import { fillOutbox } from "./outbox.ts";
import { CODES, CUSTOMERS, fillTickets, MACHINES, nameOf, type OldTicket, PEOPLE, YEAR_MINUTES } from "./tickets.ts";

// A shop as the first nineteen migrations keep it, filled by SQL alone: what stands here does not follow `src`.

export const SECRET = "the-old-shops-own-secret-0123456789abcdef";
export const PASSWORD = "a password of the old shop";
/** Of a session that the supervisor has open; without its signature. */
export const SESSION_TOKEN = "OldSessionTokenOfTheSupervisor01";
export const API_KEY = `sft_${"OldApiKey".repeat(7)}`;
/** A comment that was made under a key, and the answer that was kept. */
export const REPEATED = { key: "old-key-1", ticket: 7, comment: "Bearing replaced.", answer: '{"comment":{"id":1}}' };
const PASSWORD_HASH =
  "4a8603664fecbdfa047d915d9ebb248d:90d0ab6b166809edda420b11cbfb0a28a8c62f3fa19a79f6123ba6994b03adc4df8d183d2a1d4c61a9e245698fa6f3b1f013a167aabda99f37f11f654a1dd634";
/** Of the comment above, with the secret above. */
const REQUEST_HASH = "SaPGGvWLWpYmaUCyEoTTL0yRkp3q8DwIl1Jur5fQWkA";

export interface OldShop {
  tickets: OldTicket[];
  /** Words by which each machine's tickets are found. */
  machineWords: (machine: number) => string[];
  /** Highest number given, by code and month: `CNC-1126`. */
  counters: Map<string, number>;
  /** Places in the outbox of what has to go out now, by channel. */
  due: { webhook: number[]; push: number[] };
}

const digest = (text: string, encoding: "hex" | "base64url") => createHash("sha256").update(text).digest(encoding);

/**
 * Fills a database that has the schema of migrations 0001 to 0019. The same call at the same time gives the same rows.
 *
 * @param urls where webhooks and pushes go.
 * @param device keys of the only phone.
 */
export function fillOldShop(
  db: DatabaseSync,
  now: Date,
  urls: { webhook: string; push: string },
  device: { p256dh: string; auth: string },
): OldShop {
  const filled = filling(db, now);
  const { at, insert } = filled;
  const times = { created_at: at(YEAR_MINUTES), updated_at: at(YEAR_MINUTES) };
  db.exec("BEGIN");

  insert(
    "users",
    PEOPLE.map((role) => ({ name: nameOf(role), email: `${role}@old.example`, role, ...times })),
  );
  insert(
    "accounts",
    PEOPLE.map((_, index) => ({
      user_id: index + 1,
      account_id: `${index + 1}`,
      provider_id: "credential",
      password: PASSWORD_HASH,
      ...times,
    })),
  );
  insert("sessions", [{ user_id: 2, token: SESSION_TOKEN, expires_at: at(-20 * 24 * 60), ...times }]);
  insert("api_keys", [
    {
      name: "Dashboard",
      start: API_KEY.slice(0, 6),
      prefix: "sft_",
      key: digest(API_KEY, "base64url"),
      user_id: 3,
      rate_limit_time_window: 60_000,
      rate_limit_max: 600,
      ...times,
    },
  ]);
  insert("verifications", [{ identifier: "old", value: "old", expires_at: at(0), ...times }]);
  insert("sign_in_guesses", [{ subject: "g".repeat(43), guesses: 2, resets_at: at(-60) }]);

  insert(
    "machine_types",
    CODES.map((code) => ({ code, name: `Machines ${code}`, ...times })),
  );
  const machineWords = (machine: number) => ["haas", "vf", `${machine}`];
  insert(
    "machines",
    range(MACHINES).map((machine) => ({
      machine_type_id: 1 + (machine % CODES.length),
      name: `Haas VF-${machine}`,
      serial_number: `SN-${machine}`,
      qr_token: `${machine}`.padStart(22, "q"),
      search_text: machineWords(machine)
        .map((word) => ` ${word}`)
        .join(""),
      ...times,
    })),
  );

  const customers = range(CUSTOMERS);
  insert(
    "customers",
    customers.map((id) => ({
      name: `Atelier ${id}`,
      name_words: ` atelier ${id}`,
      email: `c${id}@old.example`,
      ...times,
    })),
  );
  insert(
    "contact_preferences",
    customers.map((customer_id) => ({ customer_id, updated_at: at(9) })),
  );
  insert(
    "contact_methods",
    customers.map((id) => ({ customer_id: id, kind: "email", value: `c${id}@old.example`, is_primary: 1, ...times })),
  );

  const { tickets, counters } = fillTickets(filled);
  insert("machine_timeline", [
    {
      machine_id: 1,
      user_id: 2,
      user_name: nameOf("supervisor"),
      old_value: "operational",
      new_value: "maintenance",
      cause: "person",
      created_at: at(600),
    },
  ]);
  insert(
    "attachments",
    range(400).map((id) => ({
      ticket_id: id * 40,
      user_id: 3,
      file_name: `photo-${id}.jpg`,
      content_type: "image/jpeg",
      size_bytes: 1000 + id,
      sha256: digest(`${id}`, "hex"),
      object_key: `old/${id}`,
      created_at: at(500),
    })),
  );
  insert(
    "idempotency_keys",
    range(2000).map((id) => ({
      user_id: 2,
      route: id === 1 ? `POST /api/tickets/${REPEATED.ticket}/comments` : "POST /api/tickets",
      key: `old-key-${id}`,
      request_hash: id === 1 ? REQUEST_HASH : digest(`${id}`, "base64url"),
      status: 201,
      headers: "{}",
      body: id === 1 ? REPEATED.answer : `{"ticket":{"id":${id}}}`,
      created_at: at(id),
    })),
  );

  const due = fillOutbox(filled, tickets, urls, device);

  const tracking = (id: number) => `${id}`.padStart(36, "t");
  insert(
    "email_messages",
    range(100).map((id) => ({
      tracking_id: tracking(id),
      ticket_id: id * 5,
      user_id: 2,
      template: "message",
      subject: "About your machine",
      body: "It runs again.",
      origin: "http://old.example",
      created_at: at(300),
    })),
  );
  insert(
    "email_history",
    range(100).map((id) => ({
      tracking_id: tracking(id),
      token: `${id}`.padStart(22, "e"),
      recipient: `c${id}@old.example`,
      customer_id: id,
      language: "fr",
      status: "sent",
      sent_at: at(299),
      created_at: at(300),
    })),
  );
  insert("email_opt_outs", [{ address_digest: "o".repeat(43), created_at: at(200) }]);
  insert(
    "contact_history",
    range(100).map((id) => ({
      customer_id: id,
      ticket_id: id * 5,
      user_id: 2,
      channel: "email",
      direction: "outbound",
      summary: "message",
      value: `c${id}@old.example`,
      created_at: at(299),
    })),
  );
  insert("expired_push_endpoints", [{ endpoint_digest: "x".repeat(43), expired_at: at(100) }]);
  insert("external_links", [{ kind: "stripe_customer", local_id: 1, remote_id: "cus_old", linked_at: at(100) }]);
  insert("stripe_creations", [
    { customer_id: 2, idempotency_key: "old", parameters: "{}", first_tried_at: at(100), last_tried_at: at(100) },
  ]);
  insert("stripe_events", [
    { id: "evt_old", type: "customer.updated", object_id: "cus_old", created: 1, receipt: "r", received_at: at(100) },
  ]);
  db.exec("COMMIT");
  return { tickets, machineWords, counters, due };
}
