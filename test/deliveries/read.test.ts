import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { execute, type Person, person, queryAll, send } from "../helpers.ts";
import { clearDeliveries, onlyDelivery } from "./rows.ts";
import { addWebhook, createTicket, eventOf, ok, receiver, type Shop, setUpShop } from "./shop.ts";
import { stage } from "./stage.ts";

let shop: Shop;
let operator: Person;

beforeAll(async () => {
  shop = await setUpShop();
  operator = await person("operator");
});

beforeEach(clearDeliveries);

interface Listed {
  deliveries: { id: number; channel: string; status: string; subject: string; event_type: string }[];
  next_cursor: string | null;
}

interface Detail {
  delivery: Record<string, unknown> & { tries: Record<string, unknown>[] };
}

const AT = "2026-11-20T15:00:00.000Z";

/** Writes deliveries past the API, one per line of `channel subject event_type status`. */
const write = (...lines: string[]) =>
  execute(
    ...lines.map((line) => {
      const [channel, subject, event, status] = line.split(" ");
      const [due, done] = [status === "pending" ? `'${AT}'` : "NULL", status === "completed" ? `'${AT}'` : "NULL"];
      return `INSERT INTO deliveries (channel, target, subject, event_type, payload, status, next_attempt_at, completed_at, created_at, updated_at)
        VALUES ('${channel}', '${channel === "push" ? "user" : "webhook"}:1', '${subject}', '${event}', '{}', '${status}', ${due}, ${done}, '${AT}', '${AT}')`;
    }),
  );

describe("GET /api/deliveries", () => {
  const list = (query = "") => ok<Listed>(stage().app.request(`/api/deliveries${query}`, send(shop.supervisor)));
  const subjects = async (query: string) => (await list(query)).deliveries.map(({ subject }) => subject);

  test("shows deliveries newest first, without their payloads", async () => {
    await write("push ticket:1 ticket.assigned failed", "webhook ticket:2 ticket.created completed");
    const { deliveries, next_cursor } = await list();
    expect(deliveries).toEqual([
      {
        id: expect.any(Number),
        channel: "webhook",
        target: "webhook:1",
        subject: "ticket:2",
        event_type: "ticket.created",
        status: "completed",
        attempts: 0,
        next_attempt_at: null,
        last_error: null,
        created_at: AT,
        updated_at: AT,
        completed_at: AT,
      },
      expect.objectContaining({ channel: "push", status: "failed", completed_at: null }),
    ]);
    expect(next_cursor).toBeNull();
  });

  test("filters by channel and status, alone and together", async () => {
    await write(
      "push ticket:1 ticket.assigned failed",
      "push ticket:2 ticket.assigned completed",
      "webhook ticket:3 ticket.created failed",
      "webhook ticket:4 ticket.created pending",
    );
    expect(await subjects("?channel=push")).toEqual(["ticket:2", "ticket:1"]);
    expect(await subjects("?status=failed")).toEqual(["ticket:3", "ticket:1"]);
    expect(await subjects("?channel=webhook&status=failed")).toEqual(["ticket:3"]);
    expect(await subjects("?channel=push&status=pending")).toEqual([]);
  });

  test("finds all of one ticket's deliveries, by number and by id, and none of another's", async () => {
    const { app } = stage();
    const { id, ticket_id } = await createTicket(app, shop.supervisor, { machine_id: shop.machine_id });
    await clearDeliveries();
    await write(
      `webhook ticket:${id} ticket.created completed`,
      `webhook ticket:${id}/user:5/ticket.assigned notification.fallback completed`,
      `webhook ticket:${id}0 ticket.created completed`,
      `webhook ticket:${id}0/user:5/ticket.assigned notification.fallback completed`,
      `webhook ticket:${id}1 ticket.created completed`,
      `webhook ticket:2${id} ticket.created completed`,
      `webhook webhook:${id} webhook.disabled completed`,
    );
    const own = [`ticket:${id}/user:5/ticket.assigned`, `ticket:${id}`];
    expect(await subjects(`?ticket=${id}`)).toEqual(own);
    expect(await subjects(`?ticket=${ticket_id}`)).toEqual(own);
    expect(await subjects(`?ticket=${ticket_id.toLowerCase()}`)).toEqual(own);
    expect(await subjects(`?ticket=${id}0`)).toEqual([`ticket:${id}0/user:5/ticket.assigned`, `ticket:${id}0`]);
    expect(await subjects(`?ticket=${ticket_id}0`)).toEqual([]);
    expect(await subjects("?ticket=CNC-0100-0001")).toEqual([]);
    expect(await subjects(`?ticket=${"%25"}`)).toEqual([]);
    expect(await subjects(`?subject=ticket:${id}`)).toEqual([`ticket:${id}`]);
  });

  test("pages through all rows, each once, with a Link header", async () => {
    await write(...Array.from({ length: 7 }, (_, index) => `webhook ticket:${index + 1} ticket.created failed`));
    const seen: string[] = [];
    let address: string | undefined = "/api/deliveries?limit=3&status=failed";
    let pages = 0;
    while (address) {
      const response = await stage().app.request(address, send(shop.supervisor));
      const page = (await response.json()) as Listed;
      seen.push(...page.deliveries.map(({ subject }) => subject));
      pages++;
      const link: string | undefined = /^<(.+)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];
      expect(Boolean(link)).toBe(page.next_cursor !== null);
      address = link?.slice(new URL(link).origin.length);
    }
    expect(pages).toBe(3);
    expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1].map((id) => `ticket:${id}`));
  });

  test.each([
    "channel=fax",
    "status=sent",
    "limit=0",
    "limit=101",
    "limit=x",
    "cursor=x",
    "cursor=WyJhIl0",
    "cursor=W10",
  ])("?%s is 400", async (query) => {
    const response = await stage().app.request(`/api/deliveries?${query}`, send(shop.supervisor));
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  });
});

describe("GET /api/deliveries/:id", () => {
  test("shows the payload and every try", async () => {
    const on = stage();
    const consumer = await receiver({ status: 500, body: "out of order" }, { status: 204 });
    await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
    const ticket = await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id });
    await on.deliver();
    await on.deliverNext();
    const { id } = await onlyDelivery();
    const { delivery } = await ok<Detail>(on.app.request(`/api/deliveries/${id}`, send(shop.supervisor)));
    expect(delivery).toMatchObject({
      id,
      status: "completed",
      attempts: 2,
      payload: { type: "ticket.created", data: { ticket: { id: ticket.id } } },
    });
    expect(delivery.tries).toEqual([
      {
        attempt: 1,
        started_at: "2026-11-20T15:04:05.123Z",
        duration_ms: 0,
        http_status: 500,
        error: "answered 500",
        response: "out of order",
      },
      {
        attempt: 2,
        started_at: new Date(on.time()).toISOString(),
        duration_ms: 0,
        http_status: 204,
        error: null,
        response: "",
      },
    ]);
    expect(JSON.stringify(delivery)).not.toMatch(/lease_token|whsec_/);
  });

  test.each(["999999", "0", "abc", "1.5"])("/%s is not there", async (id) => {
    const response = await stage().app.request(`/api/deliveries/${id}`, send(shop.supervisor));
    expect(response.status).toBe(id === "999999" ? 404 : 400);
  });
});

describe("POST /api/deliveries/:id/retry", () => {
  const retry = (on: ReturnType<typeof stage>, id: number) =>
    on.app.request(`/api/deliveries/${id}/retry`, { ...send(shop.supervisor), method: "POST" });

  test.each([200, 410])("sends a delivery that was answered %i once more, under the same id", async (status) => {
    const on = stage();
    const consumer = await receiver({ status }, { status: 200 });
    const { id: endpoint } = await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
    await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id });
    const { id } = await onlyDelivery();
    await on.invoke([id]);
    await on.app.request(`/api/webhooks/${endpoint}`, send(shop.admin, { active: true }, {}, "PATCH"));
    on.advance(3600);
    on.lose();
    const response = await retry(on, id);
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({
      delivery: {
        id,
        status: "pending",
        attempts: 0,
        next_attempt_at: new Date(on.time()).toISOString(),
        last_error: null,
        completed_at: null,
      },
    });
    expect(on.held).toMatchObject([{ ids: [id], delaySeconds: 0 }]);
    await on.deliver();
    expect((await consumer.requests()).map((received) => eventOf(received).id)).toEqual([`dlv_${id}_1`, `dlv_${id}_1`]);
    expect(await onlyDelivery(`id = ${id}`)).toMatchObject({ status: "completed", attempts: 1 });
  });

  test("does not wait for the schedule", async () => {
    const on = stage();
    const consumer = await receiver({ status: 500 }, { status: 200 });
    await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
    await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id });
    await on.deliver();
    const { id } = await onlyDelivery();
    await retry(on, id);
    await on.deliver();
    expect(await onlyDelivery()).toMatchObject({ status: "completed" });
  });

  test("of one that is on its way is 409 and takes it from nobody", async () => {
    const on = stage();
    const consumer = await receiver({ hold: true });
    await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
    await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id });
    const delivering = on.deliver();
    await consumer.arrived();
    const before = await onlyDelivery();
    const response = await retry(on, before.id);
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ code: "delivery_in_progress" });
    expect(await onlyDelivery()).toEqual(before);
    await consumer.release();
    await delivering;
    expect(await onlyDelivery()).toMatchObject({ status: "completed" });
  });

  test("of an unknown one is 404", async () => {
    const response = await retry(stage(), 999_999);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: "delivery_not_found" });
  });
});

test("supervisors read and retry, only administrators clean up", async () => {
  await write("webhook ticket:1 ticket.created failed");
  const { id } = await onlyDelivery();
  const routes: [string, string, number][] = [
    ["GET", "/api/deliveries", 200],
    ["GET", "/api/deliveries/health", 200],
    ["GET", `/api/deliveries/${id}`, 200],
    ["POST", "/api/deliveries/cleanup", 403],
    ["POST", `/api/deliveries/${id}/retry`, 202],
  ];
  for (const [method, path, supervised] of routes) {
    for (const [by, expected] of [
      [null, 401],
      [operator, 403],
      [shop.technician, 403],
      [shop.supervisor, supervised],
    ] as const) {
      const body = method === "POST" ? {} : undefined;
      const { status } = await stage().app.request(path, send(by, body, {}, method));
      expect([method, path, status]).toEqual([method, path, expected]);
    }
  }
  const cleanup = await stage().app.request("/api/deliveries/cleanup", send(shop.admin, {}));
  expect(cleanup.status).toBe(200);
  expect(await queryAll("SELECT id FROM deliveries")).toHaveLength(1);
});
