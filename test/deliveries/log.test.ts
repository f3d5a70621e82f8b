import { beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { addDevice } from "../push/device.ts";
import { clearDeliveries, deliveryRows } from "./rows.ts";
import { addWebhook, createTicket, receiver, type Shop, setUpShop } from "./shop.ts";
import { stage } from "./stage.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

/** Every line that the application logs from now on. */
function listen(): string[] {
  const lines: string[] = [];
  for (const level of ["debug", "info", "warn", "error"] as const) {
    const spy = vi.spyOn(console, level).mockImplementation((line: unknown) => void lines.push(String(line)));
    onTestFinished(() => spy.mockRestore());
  }
  return lines;
}

test("each try leaves one line with the delivery's id, and nothing secret", async () => {
  const lines = listen();
  const on = stage({ settings: { LOG_LEVEL: "debug" } });
  const consumer = await receiver({ status: 500, body: "what the receiver said" }, { status: 200 });
  const { secret } = await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
  const phone = await addDevice(on.app, shop.technician, (await receiver({ status: 201 })).url);
  lines.length = 0;
  await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id, assigned_to: shop.technician.id });
  await on.deliverAll();

  const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const rows = await deliveryRows();
  const [webhook, push] = ["webhook", "push"].map((channel) => rows.find((row) => row.channel === channel));
  const tries = entries.filter(({ event }) => event === "delivery");
  expect(tries).toHaveLength(3);
  const line = (row: typeof webhook, fields: Record<string, unknown>) =>
    expect.objectContaining({
      level: "info",
      queue: "deliveries",
      delivery_id: row?.id,
      wire_id: `dlv_${row?.id}_1`,
      channel: row?.channel,
      target: row?.target,
      ...fields,
    });
  expect(tries).toContainEqual(
    line(webhook, { status: "pending", attempt: 1, http_status: 500, error: "answered 500" }),
  );
  expect(tries).toContainEqual(line(webhook, { status: "completed", attempt: 2, http_status: 200, error: null }));
  expect(tries).toContainEqual(line(push, { status: "completed", attempt: 1, http_status: 201, error: null }));

  const everything = lines.join("\n");
  for (const confidential of [
    secret,
    consumer.url,
    phone.endpoint,
    phone.keys.auth,
    "what the receiver said",
    "Spindle vibrates",
    "lease_token",
  ]) {
    expect(everything).not.toContain(confidential);
  }
});

test("a lost lease and a cron run are told", async () => {
  const lines = listen();
  const on = stage({ settings: { LOG_LEVEL: "debug" } });
  const consumer = await receiver({ hold: true }, { status: 200 });
  await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
  await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id });
  const first = on.deliver();
  await consumer.arrived();
  on.advance(181);
  await on.cron();
  await on.deliver();
  await consumer.release();
  await first;
  const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const [row] = await deliveryRows();
  expect(entries).toContainEqual(expect.objectContaining({ event: "sweep", rescued: 1, due: 1 }));
  expect(entries).toContainEqual(
    expect.objectContaining({ level: "warn", event: "delivery_lease_lost", delivery_id: row?.id, attempt: 1 }),
  );
});
