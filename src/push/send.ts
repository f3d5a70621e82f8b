import type { DeliveryContext } from "../deliveries/job.ts";
import { describeError } from "../log.ts";
import { readBeginning } from "../outgoing/response.ts";
import { retryAfterSeconds } from "../outgoing/retry-after.ts";
import type { DeviceStatus } from "../vocabulary/deliveries.ts";
import { pushEndpoint } from "./endpoint.ts";
import { areUsableKeys } from "./keys.ts";
import { encodeNotification, type Notification, SMALL_PLAINTEXT_LIMIT_BYTES } from "./notification.ts";
import { pushRequest } from "./request.ts";

const TIMEOUT_MS = 10_000;

/** Seconds that a push service keeps a message for a phone that is off, and that we keep trying. */
export const PUSH_TTL_SECONDS = 6 * 60 * 60;

export interface Device {
  id: number;
  endpoint: string;
  p256dh: string;
  auth: string;
}

export interface DeviceResult {
  subscription_id: number;
  status: DeviceStatus;
  http_status: number | null;
  error_message: string | null;
  /** Worth another try. */
  transient: boolean;
  retryAfterSeconds: number | null;
}

/** Whether a device that failed with this status may be tried again; null stands for no answer at all. */
export const isTransientPushStatus = (status: number | null): boolean =>
  status === null || status === 429 || status >= 500;

/** The push service has not answered. */
class NoAnswer extends Error {}

async function post(ctx: DeliveryContext, device: Device, message: Notification, ttl: number, limit?: number) {
  const { data } = message;
  const request = await pushRequest(ctx, device, encodeNotification(message, limit), {
    ttl,
    urgency: data.priority === "critical" || data.priority === "high" ? "high" : "normal",
    // A newer message about the same ticket replaces one that the phone has not fetched yet.
    topic: data.ticket_id,
  });
  const response = await ctx
    .fetch(device.endpoint, { ...request, redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) })
    .catch((error: unknown) => {
      const timedOut = error instanceof Error && error.name === "TimeoutError";
      throw new NoAnswer(timedOut ? "no answer within 10 s" : "connection failed");
    });
  return { response, text: await readBeginning(response) };
}

/**
 * Sends one notification to one device (RFC 8030, 8291, 8292) and reads the answer by the rules of contract section 5.
 * Never throws: a fault of ours with one device keeps no result of another from being written.
 *
 * @param ttl seconds the push service may keep it.
 */
export async function sendToDevice(
  ctx: DeliveryContext,
  device: Device,
  message: Notification,
  ttl: number,
): Promise<DeviceResult> {
  const result = (part: Partial<DeviceResult>): DeviceResult => ({
    subscription_id: device.id,
    status: "failed",
    http_status: null,
    error_message: null,
    transient: false,
    retryAfterSeconds: null,
    ...part,
  });
  if (!pushEndpoint(device.endpoint, ctx.env))
    return result({ error_message: "push service not allowed", http_status: 403 });
  // Registered before keys were looked at: no message can ever be encrypted for it.
  if (!(await areUsableKeys(device))) return result({ status: "expired", error_message: "unusable keys" });
  try {
    let { response, text } = await post(ctx, device, message, ttl);
    if (response.status === 413) {
      ({ response, text } = await post(ctx, device, message, ttl, SMALL_PLAINTEXT_LIMIT_BYTES));
    }
    const http_status = response.status;
    if (response.ok) return result({ status: "success", http_status });
    if (http_status === 404 || http_status === 410) return result({ status: "expired", http_status });
    return result({
      http_status,
      error_message: text.slice(0, 200) || `answered ${http_status}`,
      transient: isTransientPushStatus(http_status),
      retryAfterSeconds: retryAfterSeconds(response.headers.get("retry-after"), ctx.now()),
    });
  } catch (error) {
    if (error instanceof NoAnswer) return result({ transient: true, error_message: error.message });
    ctx.log.error("push_failed", { subscription_id: device.id, ...describeError(error) });
    return result({ transient: true, error_message: "internal error" });
  }
}

/** Sends to all devices side by side, over the invocation's bounded connections. */
export const sendToDevices = (
  ctx: DeliveryContext,
  devices: Device[],
  message: Notification,
  ttl: number,
): Promise<DeviceResult[]> =>
  Promise.all(devices.map((device) => ctx.connections(() => sendToDevice(ctx, device, message, ttl))));
