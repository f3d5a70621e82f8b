import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { clearDeliveries, deliveryRows } from "../deliveries/rows.ts";
import { createTicket, ok, receiver, type Shop, setUpShop } from "../deliveries/shop.ts";
import { stage } from "../deliveries/stage.ts";
import { impatient } from "../deliveries/timeouts.ts";
import { execute, queryAll, send } from "../helpers.ts";
import { addDevice, languageSql } from "./device.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

describe("POST /api/push/test", () => {
  const tryOut = (on = stage()) => on.app.request("/api/push/test", { ...send(shop.technician), method: "POST" });

  test("tells how each of one's own devices fared and removes the dead ones", async () => {
    const hanging: string[] = [];
    const on = stage({ fetch: impatient(hanging) });
    const answers = [{ status: 201 }, { status: 410 }, { status: 403, body: "no VAPID" }, { hold: true }];
    const services = await Promise.all(answers.map((answer) => receiver(answer)));
    hanging.push(services[3]?.url ?? "");
    const devices = [];
    for (const [i, { url }] of services.entries()) {
      devices.push(await addDevice(on.app, shop.technician, url, `Phone ${i}`));
    }
    const other = await receiver({ status: 201 });
    await addDevice(on.app, shop.supervisor, other.url);

    const { results } = await ok<{ results: { subscription_id: number }[] }>(tryOut(on));
    const [first, second, third, fourth] = devices.map(({ id }) => id);
    expect(results.toSorted((a, b) => a.subscription_id - b.subscription_id)).toEqual([
      { subscription_id: first, device_name: "Phone 0", status: "success", http_status: 201, error_message: null },
      { subscription_id: second, device_name: "Phone 1", status: "expired", http_status: 410, error_message: null },
      { subscription_id: third, device_name: "Phone 2", status: "failed", http_status: 403, error_message: "no VAPID" },
      {
        subscription_id: fourth,
        device_name: "Phone 3",
        status: "failed",
        http_status: null,
        error_message: "no answer within 10 s",
      },
    ]);
    expect(
      (await queryAll<{ id: number }>(`SELECT id FROM push_subscriptions WHERE user_id = ${shop.technician.id}`)).map(
        ({ id }) => id,
      ),
    ).toEqual([first, third, fourth]);
    expect(await other.requests()).toEqual([]);
    // It is a try, not a job.
    expect(await deliveryRows()).toEqual([]);
  });

  test.each([
    ["en", "Test notification", "This device receives notifications."],
    ["fr", "Notification d'essai", "Cet appareil reçoit les notifications."],
  ] as const)("speaks the user's language: %s", async (language, title, body) => {
    await execute(languageSql(shop.technician, language));
    const on = stage();
    const service = await receiver({ status: 201 });
    const device = await addDevice(on.app, shop.technician, service.url);
    // The session's language is read anew with each request.
    await ok(tryOut(on));
    const [received] = await service.arrived();
    const message = JSON.parse(device.decrypt(received)) as unknown;
    expect(message).toMatchObject({ id: expect.stringMatching(/^test_/), title, body, data: { url: "/" } });
  });

  test("without devices there is nothing to tell", async () => {
    expect(await ok(tryOut())).toEqual({ results: [] });
  });
});

describe("GET /api/push/logs", () => {
  interface Page {
    logs: { id: number; ticket_id: number; user_id: number; status: string }[];
    next_cursor: string | null;
  }

  test("filters by ticket number, ticket id and user, newest first, in pages", async () => {
    const on = stage();
    const { machine_id } = shop;
    const people = [shop.technician, shop.admin];
    const tickets = [];
    for (const { id } of people) {
      tickets.push(await createTicket(on.app, shop.supervisor, { machine_id, assigned_to: id }));
    }
    await on.deliver();
    const read = (query: string) => ok<Page>(on.app.request(`/api/push/logs${query}`, send(shop.supervisor)));
    const [first, second] = tickets;
    const all = await read("");
    expect(all.logs.map((log) => log.ticket_id)).toEqual([second?.id, first?.id]);
    expect(all.logs[0]).toEqual({
      id: expect.any(Number),
      delivery_id: expect.any(Number),
      ticket_id: second?.id,
      user_id: shop.admin.id,
      subscription_id: null,
      status: "no_device",
      http_status: null,
      error_message: null,
      attempt: 1,
      created_at: "2026-11-20T15:04:05.123Z",
    });
    for (const [query, expected] of [
      [`?ticket=${first?.ticket_id.toLowerCase()}`, [first?.id]],
      [`?ticket=${second?.id}`, [second?.id]],
      [`?user_id=${shop.technician.id}`, [first?.id]],
      [`?ticket=${first?.id}&user_id=${shop.admin.id}`, []],
      ["?ticket=CNC-0100-0001", []],
    ] as const) {
      expect([query, (await read(query)).logs.map((log) => log.ticket_id)]).toEqual([query, expected]);
    }
    const page = await read("?limit=1");
    expect(page.logs).toHaveLength(1);
    const rest = await read(`?limit=1&cursor=${page.next_cursor}`);
    expect([...page.logs, ...rest.logs]).toEqual(all.logs);
    expect(rest.next_cursor).toBeNull();
  });

  test.each(["cursor=x", "limit=0", "limit=101", "user_id=0", "user_id=me"])("?%s is 400", async (query) => {
    const response = await stage().app.request(`/api/push/logs?${query}`, send(shop.supervisor));
    expect(response.status).toBe(400);
  });

  test("is for supervisors", async () => {
    expect((await stage().app.request("/api/push/logs", send(shop.technician))).status).toBe(403);
  });
});
