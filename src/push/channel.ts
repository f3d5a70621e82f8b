import {
  type Claim,
  type DeliveryContext,
  type Outcome,
  referencedId,
  referencedIdSql,
  type Sender,
} from "../deliveries/job.ts";
import { noteTold } from "../tickets/entries.ts";
import { enqueueWebhooks } from "../tickets/events.ts";
import type { PushLogStatus } from "../vocabulary/deliveries.ts";
import type { Locale } from "../vocabulary/locales.ts";
import { deviceEffects, withNormalEndpoints } from "./devices.ts";
import { type Notification, notification, type PushPayload } from "./notification.ts";
import { type Device, type DeviceResult, isTransientPushStatus, PUSH_TTL_SECONDS, sendToDevices } from "./send.ts";

interface Recipient {
  id: number;
  name: string;
  language: Locale | null;
}

interface EarlierResult {
  subscription_id: number | null;
  status: string;
  http_status: number | null;
  not_before: string | null;
}

type Reason = "no_device" | "all_expired" | "all_failed" | "too_late";

/** What a try knows: null when there is no such person. */
interface Found {
  recipient: Recipient;
  devices: Device[];
  /** What earlier tries of this generation have met, in their order. */
  earlier: EarlierResult[];
  earlier_attempts: number;
}

// Read at each try: a phone that changed hands is no longer among the devices, nor is one of somebody who was disabled.
const NEEDS = `
  SELECT json_object(
    'recipient', json_object('id', u.id, 'name', u.name, 'language', u.language),
    'devices', (SELECT json_group_array(json_object('id', s.id, 'endpoint', s.endpoint, 'p256dh', s.p256dh, 'auth', s.auth))
                FROM push_subscriptions s WHERE s.user_id = u.id AND u.active = 1),
    'earlier', (SELECT json_group_array(json_object('subscription_id', l.subscription_id, 'status', l.status,
                                                    'http_status', l.http_status, 'not_before', l.not_before) ORDER BY l.id)
                FROM push_logs l WHERE l.delivery_id = deliveries.id AND l.generation = deliveries.generation),
    'earlier_attempts', (SELECT COUNT(*) FROM delivery_attempts a
                         WHERE a.delivery_id = deliveries.id AND a.generation = deliveries.generation))
  FROM users u WHERE u.id = ${referencedIdSql("deliveries.target")}`;

/**
 * Devices that should still get this message: not reached yet, not dead, and not refused for good within this run of
 * the schedule. A replay by hand starts a new run, so that a fault that was mended does not stand in its way.
 */
function outstanding(job: Claim, devices: Device[], earlier: EarlierResult[]): Device[] {
  const settled = new Set(
    earlier
      .filter((log) => log.status !== "failed" || (job.attempts > 1 && !isTransientPushStatus(log.http_status)))
      .map((log) => log.subscription_id),
  );
  return devices.filter((device) => !settled.has(device.id));
}

/** Milliseconds until a device may be tried again, as its push service has asked; 0 when it may be now. */
function waitFor(device: Device, earlier: EarlierResult[], now: Date): number {
  const last = earlier.findLast((log) => log.subscription_id === device.id);
  return last?.not_before ? Math.max(0, Date.parse(last.not_before) - now.getTime()) : 0;
}

const ticketId = (job: Claim): number | null => (job.subject.startsWith("ticket:") ? referencedId(job.subject) : null);

/** One row per device that was tried, or one that says that there was none. */
function logs(ctx: DeliveryContext, job: Claim, userId: number, results: DeviceResult[]): D1PreparedStatement {
  const now = ctx.now();
  const notBefore = (seconds: number | null) =>
    seconds === null ? null : new Date(now.getTime() + seconds * 1000).toISOString();
  const rows =
    results.length > 0
      ? results.map((result) => ({ ...result, not_before: notBefore(result.retryAfterSeconds) }))
      : [{ subscription_id: null, status: "no_device" satisfies PushLogStatus }];
  return ctx.env.DB.prepare(
    `INSERT INTO push_logs (delivery_id, generation, ticket_id, user_id, subscription_id, status, http_status, error_message,
                            not_before, attempt, created_at)
     SELECT ?, ?, ?, ?, r.value ->> 'subscription_id', r.value ->> 'status', r.value ->> 'http_status',
            r.value ->> 'error_message', r.value ->> 'not_before', ?, ?
     FROM json_each(?) r`,
  ).bind(job.id, job.generation, ticketId(job), userId, job.attempts, now.toISOString(), JSON.stringify(rows));
}

function reasonFor(ttl: number, results: DeviceResult[]): Reason {
  if (ttl <= 0) return "too_late";
  if (results.length === 0) return "no_device";
  return results.every((result) => result.status === "expired") ? "all_expired" : "all_failed";
}

async function send(ctx: DeliveryContext, job: Claim): Promise<Outcome> {
  const payload = job.payload as PushPayload;
  const found = job.found as Found | null;
  if (!found) return { result: "failed", error: "no such user" };
  const { recipient, earlier } = found;
  const devices = await withNormalEndpoints(ctx, found.devices);

  const now = ctx.now();
  const deadline = new Date(Date.parse(payload.timestamp) + PUSH_TTL_SECONDS * 1000);
  const ttl = Math.floor((deadline.getTime() - now.getTime()) / 1000);
  const message: Notification = notification(job.wire_id, payload, recipient.language ?? ctx.env.DEFAULT_LOCALE);
  const wanting = ttl > 0 ? outstanding(job, devices, earlier) : [];
  const waiting = wanting.filter((device) => waitFor(device, earlier, now) > 0);
  const targets = wanting.filter((device) => !waiting.includes(device));
  const results = await sendToDevices(ctx, targets, message, ttl);

  const reachedBefore = earlier.some((log) => log.status === "success");
  const reached = results.filter((result) => result.status === "success").length;
  const transient = results.filter((result) => result.transient);
  const reason = reasonFor(ttl, results);

  const effects = deviceEffects(ctx, devices, results);
  const nobody = ttl > 0 && devices.length === 0 && !reachedBefore;
  if (results.length > 0 || nobody) effects.push(logs(ctx, job, recipient.id, results));
  const first = found.earlier_attempts === 0;
  const ticket = ticketId(job);
  if (ticket !== null && !reachedBefore && (reached > 0 || first)) {
    const told = { event: job.event_type, comment: reached > 0 ? null : reason, person: recipient };
    effects.push(noteTold(ctx, ticket, reached > 0 ? "notified" : "notification_failed", told));
  }
  if (ticket !== null && first && reached === 0) effects.push(fallback(ctx, job, recipient, reason));

  const anyoneReached = reachedBefore || reached > 0;
  if (transient.length + waiting.length > 0) {
    // The device that may be tried soonest decides; the others are left alone until their time.
    const waits = [
      ...transient.map((result) => result.retryAfterSeconds ?? 0),
      ...waiting.map((device) => waitFor(device, earlier, now) / 1000),
    ];
    return {
      result: "retry",
      error: `${waits.length} of ${devices.length} devices to be tried again`,
      http_status: transient[0]?.http_status ?? null,
      retryAfterSeconds: Math.min(...waits),
      deadline,
      exhausted: anyoneReached ? "completed" : "failed",
      effects,
    };
  }
  const http_status = results[0]?.http_status ?? null;
  return anyoneReached
    ? { result: "delivered", http_status, effects }
    : { result: "failed", http_status, error: reason, effects };
}

/** No phone buzzed: the webhooks take over, once per ticket, person and event. */
function fallback(ctx: DeliveryContext, job: Claim, person: Recipient, reason: Reason): D1PreparedStatement {
  return enqueueWebhooks(ctx, ["notification.fallback"], {
    ticket: "?",
    ticketParam: referencedId(job.subject),
    subject: `/user:${person.id}/${job.event_type}`,
    details: { user: { id: person.id, name: person.name }, event: job.event_type, reason },
    once: true,
  });
}

/** Delivers one notification to all devices of one person (contract section 5). */
export const pushSender: Sender = { needs: NEEDS, send };
