import type { Context } from "../context.ts";
import { endpointDigest, pushEndpoint } from "./endpoint.ts";
import type { Device, DeviceResult } from "./send.ts";

/**
 * These devices with their endpoints in the one spelling. Rows from before endpoints were brought into it are put right;
 * one whose endpoint another row has by now goes.
 */
export async function withNormalEndpoints(ctx: Context, devices: Device[]): Promise<Device[]> {
  const { DB } = ctx.env;
  const normal = devices.map((device) => ({
    ...device,
    endpoint: pushEndpoint(device.endpoint, ctx.env) ?? device.endpoint,
  }));
  const changed = normal.filter(({ endpoint }, index) => endpoint !== devices[index]?.endpoint);
  if (changed.length === 0) return devices;
  const rows = JSON.stringify(changed.map(({ id, endpoint }) => ({ id, endpoint })));
  const [, gone] = await DB.batch<{ id: number }>([
    DB.prepare(
      `UPDATE OR IGNORE push_subscriptions SET endpoint = r.value ->> 'endpoint'
       FROM json_each(?) r WHERE push_subscriptions.id = r.value ->> 'id'`,
    ).bind(rows),
    DB.prepare(
      `DELETE FROM push_subscriptions
       WHERE id IN (SELECT r.value ->> 'id' FROM json_each(?) r WHERE endpoint <> r.value ->> 'endpoint') RETURNING id`,
    ).bind(rows),
  ]);
  const goneIds = new Set(gone?.results.map(({ id }) => id));
  return normal.filter(({ id }) => !goneIds.has(id));
}

/**
 * Statements for what a round of sending tells about the devices: dead ones go, reached ones count as used, and what a
 * push service has called gone is remembered. The key guards against a device that was renewed meanwhile.
 */
export function deviceEffects(ctx: Context, devices: Device[], results: DeviceResult[]): D1PreparedStatement[] {
  const { DB } = ctx.env;
  const at = ctx.now().toISOString();
  const having = (matches: (result: DeviceResult) => boolean) => {
    const ids = new Set(results.filter(matches).map((result) => result.subscription_id));
    return devices.filter((device) => ids.has(device.id));
  };
  const rows = (those: Device[]) => JSON.stringify(those.map(({ id, p256dh }) => ({ id, p256dh })));
  const expired = having(({ status }) => status === "expired");
  const reached = having(({ status }) => status === "success");
  const gone = having(({ status, http_status }) => status === "expired" && http_status !== null);
  const matching = `(id, p256dh) IN (SELECT value ->> 'id', value ->> 'p256dh' FROM json_each(?))`;
  const statements: D1PreparedStatement[] = [];
  if (expired.length > 0) {
    statements.push(DB.prepare(`DELETE FROM push_subscriptions WHERE ${matching}`).bind(rows(expired)));
  }
  if (gone.length > 0) {
    statements.push(
      DB.prepare(
        `INSERT INTO expired_push_endpoints (endpoint_digest, expired_at) SELECT value, ? FROM json_each(?) WHERE true
         ON CONFLICT DO UPDATE SET expired_at = excluded.expired_at`,
      ).bind(at, JSON.stringify(gone.map(({ endpoint }) => endpointDigest(endpoint)))),
    );
  }
  if (reached.length > 0) {
    statements.push(
      DB.prepare(`UPDATE push_subscriptions SET last_used_at = ? WHERE ${matching}`).bind(at, rows(reached)),
    );
  }
  return statements;
}
