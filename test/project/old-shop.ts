import { createHash } from "node:crypto";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { textsFrom, type Word, written } from "../../bench/texts.ts";

// A shop as the first nineteen migrations keep it, filled by SQL alone: what stands here does not follow `src`.

export const TICKETS = 20_000;
export const DELIVERIES = 5_000;
const OPEN_TICKETS = 300;
const YEAR_MINUTES = 365 * 24 * 60;
const CODES = ["CNC", "LAT", "GRD", "PRS"];
const MACHINES = 12;

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

export interface OldTicket {
  id: number;
  ticket_id: string;
  words: Word[];
  machine: number;
  isDeleted: boolean;
}

export interface OldShop {
  tickets: OldTicket[];
  /** Words by which each machine's tickets are found. */
  machineWords: (machine: number) => string[];
  /** Highest number given, by code and month: `CNC-1126`. */
  counters: Map<string, number>;
  /** Places in the outbox of what has to go out now, by channel. */
  due: { webhook: number[]; push: number[] };
}

type Row = Record<string, SQLInputValue>;

const digest = (text: string, encoding: "hex" | "base64url") => createHash("sha256").update(text).digest(encoding);
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** What a delivery's columns hold in each state; `at` is when it last changed. */
const states = (at: string, later: string) => ({
  completed: { status: "completed", completed_at: at, attempts: 1 },
  failed: { status: "failed", attempts: 6, last_error: "answered 500" },
  due: { status: "pending", next_attempt_at: at },
  waiting: { status: "pending", next_attempt_at: later, attempts: 2, last_error: "answered 503" },
  lapsed: { status: "processing", lease_token: "a-dead-worker", lease_until: at, claimed_generation: 1, attempts: 1 },
  leased: { status: "processing", lease_token: "a-worker", lease_until: later, claimed_generation: 1, attempts: 1 },
});

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
  const at = (minutesAgo: number) => new Date(now.getTime() - minutesAgo * 60_000).toISOString();
  const times = { created_at: at(YEAR_MINUTES), updated_at: at(YEAR_MINUTES) };
  const insert = (table: string, rows: Row[]) => {
    const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const statement = db.prepare(`INSERT INTO ${table} (${names}) VALUES (${names.map(() => "?")})`);
    for (const row of rows) statement.run(...names.map((name) => row[name] ?? null));
  };
  db.exec("BEGIN");

  const people = ["admin", "supervisor", "technician", "operator"];
  const names = people.map((role) => `Old ${role}`);
  insert(
    "users",
    people.map((role, index) => ({ name: names[index] ?? "", email: `${role}@old.example`, role, ...times })),
  );
  insert(
    "accounts",
    people.map((_, index) => ({
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

  const customers = range(500);
  const customerName = (id: number) => `Atelier ${id}`;
  insert(
    "customers",
    customers.map((id) => ({
      name: customerName(id),
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

  const texts = textsFrom(19);
  const counters = new Map<string, number>();
  const tickets: OldTicket[] = [];
  const rows: Row[] = [];
  const entries: Row[] = [];
  const terms = new Set<string>();
  for (const id of range(TICKETS)) {
    const machine = 1 + Math.floor(texts.random() * MACHINES);
    const created = at(Math.floor(((TICKETS - id + 1) * YEAR_MINUTES) / TICKETS));
    const ended = new Date(Date.parse(created) + texts.random() * 7_200_000).toISOString();
    const counter = `${CODES[machine % CODES.length]}-${created.slice(5, 7)}${created.slice(2, 4)}`;
    const number = (counters.get(counter) ?? 0) + 1;
    counters.set(counter, number);
    const digits = `${number}`.padStart(4, "0");
    const title = texts.title();
    const description = texts.description(id % 10 === 0 ? 60 : 12);
    const found = new Set([...title, ...description].map((word) => word.folded));
    const isOpen = id > TICKETS - OPEN_TICKETS;
    const status = isOpen
      ? (["received", "diagnostic", "in_progress", "waiting_parts"][id % 4] ?? "received")
      : (["completed", "completed", "completed", "archived", "cancelled"][id % 5] ?? "completed");
    const isDone = status === "completed" || status === "archived";
    const isDeleted = id % 97 === 0;
    tickets.push({
      id,
      ticket_id: `${counter}-${digits}`,
      words: [...title, ...description, { written: digits, folded: digits }],
      machine,
      isDeleted,
    });
    rows.push({
      ticket_id: `${counter}-${digits}`,
      title: written(title),
      description: written(description),
      status,
      priority: ["low", "medium", "high", "critical"][id % 4] ?? "low",
      machine_id: machine,
      machine_type_id: 1 + (machine % CODES.length),
      customer_id: id % 5 === 0 ? 1 + (id % customers.length) : null,
      reported_by: 1 + (id % people.length),
      reporter_name: names[id % people.length] ?? "",
      assigned_to: id % 3 === 0 ? null : 3,
      is_machine_down: isOpen || id % 6 ? 0 : 1,
      reported_at: created,
      acknowledged_at: isDone ? ended : null,
      acknowledged_by: isDone ? 3 : null,
      completed_at: isDone ? ended : null,
      created_at: created,
      updated_at: isDone ? ended : created,
      deleted_at: isDeleted ? at(1) : null,
      escalated_at: id % 4 === 3 ? ended : null,
      version: 1 + (id % 3),
      search_text: [...found, digits].map((word) => ` ${word}`).join(""),
    });
    for (const word of [...found, digits]) terms.add(`${word} ${id}`);
    entries.push({
      ticket_id: id,
      user_id: 1 + (id % 4),
      user_name: names[id % 4] ?? "",
      action: "created",
      new_value: "received",
      created_at: created,
    });
    if (isDone) {
      entries.push({
        ticket_id: id,
        user_id: 3,
        user_name: names[2] ?? "",
        action: "status_changed",
        old_value: "received",
        new_value: "completed",
        comment: id % 2 ? "Mis en marche à l'essai." : null,
        created_at: ended,
      });
    }
  }
  insert("tickets", rows);
  insert("ticket_timeline", entries);
  // In the order of the key: sorted rows go in three times as fast.
  insert(
    "ticket_terms",
    [...terms].sort().map((entry) => ({ term: entry.split(" ")[0] ?? "", ticket_id: Number(entry.split(" ")[1]) })),
  );
  insert(
    "ticket_counters",
    [...counters].map(([counter, last_number]) => ({
      code: counter.slice(0, 3),
      month: counter.slice(4),
      last_number,
    })),
  );
  insert("machine_timeline", [
    {
      machine_id: 1,
      user_id: 2,
      user_name: names[1] ?? "",
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

  insert("webhook_endpoints", [
    { url: urls.webhook, events: '["ticket.created"]', secret: `whsec_${"b2xk".repeat(8)}`, ...times },
  ]);
  insert("push_subscriptions", [
    { user_id: 3, session_id: 1, endpoint: urls.push, ...device, created_at: at(99), last_used_at: at(9) },
  ]);
  const state = states(at(5), at(-300));
  const due: OldShop["due"] = { webhook: [], push: [] };
  const jobs = range(DELIVERIES).map((id): Row => {
    const place = id % 100;
    const kind =
      place < 2
        ? "due"
        : place === 2
          ? "lapsed"
          : place === 3
            ? "waiting"
            : place === 4
              ? "leased"
              : place < 9
                ? "failed"
                : "completed";
    // Stripe has no key here, and e-mails are not needed to be many: what is due for them waits.
    const channel = id % 500 === 0 ? "stripe" : id % 2 ? "webhook" : "push";
    if (channel !== "stripe" && (kind === "due" || kind === "lapsed")) due[channel].push(id);
    const type = { webhook: "ticket.created", push: "ticket.assigned", stripe: "customer.sync" }[channel];
    const ticket = {
      id,
      ticket_id: tickets[id - 1]?.ticket_id,
      title: `Old job ${id}`,
      priority: "high",
      status: "received",
      machine_name: "Haas",
    };
    const payload =
      channel === "stripe"
        ? { customer_id: 1 }
        : channel === "push"
          ? { type, timestamp: at(6), ticket }
          : { type, timestamp: at(6), data: { ticket } };
    return {
      channel,
      target: { webhook: "webhook:1", push: "user:3", stripe: "stripe:customers" }[channel],
      subject: channel === "stripe" ? `customer:${id / 500}` : `ticket:${id}`,
      event_type: type,
      payload: JSON.stringify(payload),
      ...state[kind],
      attempts: (state[kind] as { attempts?: number }).attempts ?? 0,
      generation: 1,
      created_at: at(700),
      updated_at: at(400),
    };
  });
  insert("deliveries", jobs);
  insert(
    "delivery_attempts",
    jobs.flatMap(({ status, attempts }, index) =>
      status === "completed" || status === "failed"
        ? [
            {
              delivery_id: index + 1,
              generation: 1,
              attempt: attempts ?? 1,
              started_at: at(400),
              duration_ms: 12,
              http_status: 200,
            },
          ]
        : [],
    ),
  );
  insert(
    "push_logs",
    jobs.flatMap(({ status, channel }, index) =>
      status === "completed" && channel === "push"
        ? [
            {
              delivery_id: index + 1,
              generation: 1,
              ticket_id: index + 1,
              user_id: 3,
              subscription_id: 1,
              status: "success",
              http_status: 201,
              attempt: 1,
              created_at: at(400),
            },
          ]
        : [],
    ),
  );

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
