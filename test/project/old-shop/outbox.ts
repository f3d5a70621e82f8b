import { type Filling, type Row, range } from "./filling.ts";
import type { OldTicket } from "./tickets.ts";

export const DELIVERIES = 5_000;

/** What a delivery's columns hold in each state; `at` is when it last changed. */
const states = (at: string, later: string) => ({
  completed: { status: "completed", completed_at: at, attempts: 1 },
  failed: { status: "failed", attempts: 6, last_error: "answered 500" },
  due: { status: "pending", next_attempt_at: at },
  waiting: { status: "pending", next_attempt_at: later, attempts: 2, last_error: "answered 503" },
  lapsed: { status: "processing", lease_token: "a-dead-worker", lease_until: at, claimed_generation: 1, attempts: 1 },
  leased: { status: "processing", lease_token: "a-worker", lease_until: later, claimed_generation: 1, attempts: 1 },
});

/** Which state the jobs are in: of a hundred, the first few are not done. */
function kindOf(id: number): keyof ReturnType<typeof states> {
  const place = id % 100;
  if (place < 5) return (["due", "due", "lapsed", "waiting", "leased"] as const)[place] ?? "due";
  return place < 9 ? "failed" : "completed";
}

/**
 * The outbox, with what its jobs have left, an endpoint and a phone.
 *
 * @param urls where webhooks and pushes go.
 * @param device keys of the phone.
 * @returns ids of what has to go out now, by channel.
 */
export function fillOutbox(
  { at, insert }: Filling,
  tickets: OldTicket[],
  urls: { webhook: string; push: string },
  device: { p256dh: string; auth: string },
) {
  const times = { created_at: at(900), updated_at: at(900) };
  insert("webhook_endpoints", [
    { url: urls.webhook, events: '["ticket.created"]', secret: `whsec_${"b2xk".repeat(8)}`, ...times },
  ]);
  insert("push_subscriptions", [
    { user_id: 3, session_id: 1, endpoint: urls.push, ...device, created_at: at(99), last_used_at: at(9) },
  ]);
  const state = states(at(5), at(-300));
  const due: Record<"webhook" | "push", number[]> = { webhook: [], push: [] };
  const jobs = range(DELIVERIES).map((id): Row => {
    const kind = kindOf(id);
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

  return due;
}
