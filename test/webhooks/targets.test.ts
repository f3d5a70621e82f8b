import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { clearDeliveries, insertDue, onlyDelivery } from "../deliveries/rows.ts";
import { addWebhook, createTicket, ok, receiver, type Shop, setUpShop } from "../deliveries/shop.ts";
import { stage } from "../deliveries/stage.ts";
import { execute, queryAll, send } from "../helpers.ts";

// Where our requests may go: https to public hosts. Refused when saved, and again when sent.

let shop: Shop;
const closed = { ALLOW_LOCAL_TARGETS: "false" };

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

const REFUSED: [string, string][] = [
  ["plain http", "http://hooks.example.com/x"],
  ["loopback", "https://127.0.0.1/x"],
  ["loopback elsewhere", "https://127.8.9.10/x"],
  ["loopback over http", "http://127.0.0.1/x"],
  ["loopback in decimal", "https://2130706433/x"],
  ["loopback in hex", "https://0x7f000001/x"],
  ["loopback in hex parts", "https://0x7f.0.0.1/x"],
  ["loopback in octal", "https://0177.0.0.1/x"],
  ["loopback, shortened", "https://127.1/x"],
  ["loopback in fullwidth digits", "https://１２７.０.０.１/x"],
  ["loopback with a trailing dot", "https://127.0.0.1./x"],
  ["loopback with a port", "https://127.0.0.1:8443/x"],
  ["IPv6 loopback", "https://[::1]/x"],
  ["IPv6 unspecified", "https://[::]/x"],
  ["IPv4-mapped loopback", "https://[::ffff:127.0.0.1]/x"],
  ["IPv4-mapped private", "https://[::ffff:a00:1]/x"],
  ["NAT64 of a private address", "https://[64:ff9b::a00:1]/x"],
  ["6to4 of a private address", "https://[2002:a00:1::]/x"],
  ["Teredo", "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/x"],
  ["unique local", "https://[fd12:3456:789a::1]/x"],
  ["IPv6 link-local", "https://[fe80::1]/x"],
  ["IPv6 multicast", "https://[ff02::1]/x"],
  ["IPv6 documentation", "https://[2001:db8::1]/x"],
  ["private 10/8", "https://10.0.0.1/x"],
  ["private 172.16/12", "https://172.16.0.1/x"],
  ["private 172.31", "https://172.31.255.254/x"],
  ["private 192.168/16", "https://192.168.1.1/x"],
  ["link-local and cloud metadata", "https://169.254.169.254/latest/meta-data"],
  ["carrier-grade NAT", "https://100.64.0.1/x"],
  ["unspecified", "https://0.0.0.0/x"],
  ["broadcast", "https://255.255.255.255/x"],
  ["multicast", "https://224.0.0.1/x"],
  ["documentation", "https://192.0.2.1/x"],
  ["benchmarking", "https://198.18.0.1/x"],
  ["reserved", "https://240.0.0.1/x"],
  ["localhost", "https://localhost/x"],
  ["localhost in capitals", "https://LOCALHOST/x"],
  ["localhost with a trailing dot", "https://localhost./x"],
  ["a name under localhost", "https://app.localhost/x"],
  ["percent-encoded localhost", "https://%6c%6fcalhost/x"],
  ["a single label", "https://printer01/x"],
  ["a router's own domain", "https://nas.lan/x"],
  ["a company's own domain", "https://erp.corp/x"],
  ["mDNS", "https://printer.local/x"],
  ["a name inside a cloud", "https://metadata.google.internal/x"],
  ["home.arpa", "https://nas.home.arpa/x"],
  ["a trailing dot", "https://hooks.example.com./x"],
  ["two trailing dots", "https://hooks.example.com../x"],
  ["a user and password", "https://user:password@hooks.example.com/x"],
  ["a user", "https://user@hooks.example.com/x"],
  ["a host dressed up as a user", "https://hooks.example.com@127.0.0.1/x"],
  ["a backslash before the true host", "https://127.0.0.1\\@hooks.example.com/x"],
];

const ADMITTED = [
  "https://hooks.example.com/x",
  "https://connect.pabbly.com/workflow/sendwebhookdata/IjU3NjYwNT",
  "https://hooks.example.com:8443/x?y=z#f",
  "https://xn--bcher-kva.example.com/",
  "https://8.8.8.8/x",
  "https://172.32.0.1/x",
  "https://100.128.0.1/x",
  "https://[2606:4700::6810:84e5]/x",
  "https://localhost.example.com/x",
  "https://local.example.com/x",
];

const save = (url: string, settings: Record<string, unknown> = closed) =>
  stage({ settings }).app.request("/api/webhooks", send(shop.admin, { url, events: ["ticket.created"] }));

describe("refused when saved", () => {
  test.each(REFUSED)("%s: %s", async (_, url) => {
    const response = await save(url);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ code: "target_not_allowed", errors: [{ path: "url" }] });
    expect(await queryAll("SELECT id FROM webhook_endpoints")).toEqual([]);
  });

  test("and when changed: the address stays what it was", async () => {
    const { app } = stage({ settings: closed });
    const { id } = await addWebhook(app, shop.admin, "https://hooks.example.com/x", ["ticket.created"]);
    for (const [, url] of REFUSED) {
      const response = await app.request(`/api/webhooks/${id}`, send(shop.admin, { url }, {}, "PATCH"));
      expect([url, response.status]).toEqual([url, 422]);
    }
    expect(await queryAll("SELECT url FROM webhook_endpoints")).toEqual([{ url: "https://hooks.example.com/x" }]);
  });

  test.each(["ftp://hooks.example.com/x", "javascript:alert(1)", "hooks.example.com", "", "https://", "/x"])(
    "%j is no web address at all",
    async (url) => {
      expect((await save(url)).status).toBe(400);
      expect(await queryAll("SELECT id FROM webhook_endpoints")).toEqual([]);
    },
  );
});

test.each(["https://[::127.0.0.1]/x", "https://[::10.0.0.1]/x", "https://[::a9fe:a9fe]/x"])(
  "an IPv4 address in the old IPv4-compatible form is refused: %s",
  async (url) => {
    const response = await save(url);
    expect(response.status).toBe(422);
    expect(await queryAll("SELECT id FROM webhook_endpoints")).toEqual([]);
  },
);

test.each(ADMITTED)("admitted: %s", async (url) => {
  expect((await save(url)).status).toBe(201);
});

describe("refused again when sent", () => {
  const insert = async (url: string): Promise<number> => {
    await execute(
      `INSERT INTO webhook_endpoints (url, events, secret, created_at, updated_at)
       VALUES ('${url.replaceAll("'", "''")}', '["ticket.created"]', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', '2026-01-01', '2026-01-01')`,
    );
    const [row] = await queryAll<{ id: number }>("SELECT MAX(id) AS id FROM webhook_endpoints");
    return row?.id ?? 0;
  };

  test("whatever was written into the table past the API", async () => {
    // A rule that fails must not let anything out of the test either.
    const on = stage({ settings: closed, fetch: async () => new Response("let through") });
    for (const [, url] of REFUSED) {
      await clearDeliveries();
      const id = await insert(url);
      await insertDue(1, `webhook:${id}`, "2026-11-20T15:00:00.000Z");
      await on.cron();
      await on.deliver();
      const { status, last_error } = await onlyDelivery();
      const tryOut = { ...send(shop.admin), method: "POST" };
      const { delivered } = await ok<{ delivered: boolean }>(on.app.request(`/api/webhooks/${id}/test`, tryOut));
      expect([url, status, last_error, delivered]).toEqual([url, "failed", "address not allowed", false]);
    }
    expect(on.sent).toEqual([]);
  });

  test("a canary on loopback is touched only where local targets are allowed", async () => {
    const canary = await receiver();
    const { port, pathname } = new URL(canary.url);
    for (const host of ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1"]) {
      const id = await insert(`http://${host}:${port}${pathname}`);
      await insertDue(1, `webhook:${id}`, "2026-11-20T15:00:00.000Z");
    }
    const strict = stage({ settings: closed });
    await createTicket(strict.app, shop.supervisor, { machine_id: shop.machine_id });
    await strict.cron();
    await strict.deliver();
    expect(await canary.requests()).toEqual([]);
    expect(await queryAll("SELECT DISTINCT status, last_error FROM deliveries")).toEqual([
      { status: "failed", last_error: "address not allowed" },
    ]);

    const open = stage();
    await createTicket(open.app, shop.supervisor, { machine_id: shop.machine_id });
    await open.deliver();
    expect(await canary.requests()).toHaveLength(5);
  });

  test("a public address that redirects to the canary does not lead there", async () => {
    const canary = await receiver();
    const requests: [unknown, RequestInit | undefined][] = [];
    const on = stage({
      settings: closed,
      fetch: async (input, init) => {
        requests.push([input, init]);
        return new Response(null, { status: 307, headers: { location: canary.url } });
      },
    });
    await addWebhook(on.app, shop.admin, "https://hooks.example.com/x", ["ticket.created"]);
    await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id });
    await on.deliver();
    expect(requests).toMatchObject([["https://hooks.example.com/x", { method: "POST", redirect: "manual" }]]);
    expect(await canary.requests()).toEqual([]);
    expect(await onlyDelivery()).toMatchObject({ status: "pending", last_error: "answered 307" });
  });
});

describe("with ALLOW_LOCAL_TARGETS", () => {
  const local = { ALLOW_LOCAL_TARGETS: "true" };

  test.each(["http://localhost:9000/x", "http://127.0.0.1:9000/x", "https://hooks.example.com/x"])(
    "%s is admitted",
    async (url) => {
      expect((await save(url, local)).status).toBe(201);
    },
  );

  test.each([
    "http://hooks.example.com/x",
    "http://10.0.0.1/x",
    "http://169.254.169.254/x",
    "http://[::1]/x",
    "https://127.0.0.1/x",
    "http://user:password@localhost/x",
    "http://localhost.example.com/x",
  ])("%s is still refused", async (url) => {
    expect((await save(url, local)).status).toBe(422);
  });
});
