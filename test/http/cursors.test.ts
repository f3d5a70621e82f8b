import { beforeAll, expect, test } from "vitest";
import { encodeCursor } from "../../src/http/cursor.ts";
import { machine, type Person, person, send, startApp } from "../helpers.ts";
import { expectProblem } from "../problems.ts";

// A place in one list is none in another, even where both are told by an id.

const app = startApp();
let admin: Person;
let places: Record<string, [path: string, cursor: string]>;

beforeAll(async () => {
  admin = await person("admin");
  const post = async <T>(path: string, body: unknown): Promise<T> =>
    (await (await app.request(path, send(admin, body))).json()) as T;
  const machine_id = await machine("CNC");
  const { ticket } = await post<{ ticket: { id: number } }>("/api/tickets", { title: "Alarm 108", machine_id });
  const { customer } = await post<{ customer: { id: number } }>("/api/customers", { name: "Acme" });
  const created = ["-created_at", ["2026-11-20T15:04:05.123Z", 5]];
  const [byId, byTime] = [[5], created] as const;
  const place = (path: string, list: string, key: Parameters<typeof encodeCursor>[1]): [string, string] => [
    path,
    encodeCursor(list, key),
  ];
  places = {
    "/api/users": place("/api/users", "users", [...byId]),
    "/api/api-keys": place("/api/api-keys", "api_keys", [...byId]),
    "/api/machine-types": place("/api/machine-types", "machine_types", ["CNC"]),
    "/api/machines": place("/api/machines", "machines", [...byId]),
    "/api/machines/{id}/timeline": place(`/api/machines/${machine_id}/timeline`, "machine_timeline", [...byId]),
    "/api/tickets": place("/api/tickets", "tickets", [...byTime] as never),
    "/api/tickets/{ref}/timeline": place(`/api/tickets/${ticket.id}/timeline`, "ticket_timeline", [...byId]),
    "/api/tickets/{ref}/attachments": place(`/api/tickets/${ticket.id}/attachments`, "attachments", [...byId]),
    "/api/customers": place("/api/customers", "customers", [...byId]),
    "/api/customers/{id}/contact-methods": place(`/api/customers/${customer.id}/contact-methods`, "contact_methods", [
      0,
      "email",
      5,
    ]),
    "/api/customers/{id}/contact-history": place(`/api/customers/${customer.id}/contact-history`, "contact_history", [
      ...byId,
    ]),
    "/api/customers/{id}/export": place(`/api/customers/${customer.id}/export`, "customer_export", [null, 5, 5, 5]),
    "/api/emails": place("/api/emails", "emails", [...byId]),
    "/api/push/logs": place("/api/push/logs", "push_logs", [...byId]),
    "/api/webhooks": place("/api/webhooks", "webhooks", [...byId]),
    "/api/deliveries": place("/api/deliveries", "deliveries", [...byId]),
    "/api/changes": place("/api/changes", "changes", [0]),
  };
});

/** Further lists of tickets, by the same places. */
const OF_TICKETS = ["/api/me/queue", "/api/machines/{id}/tickets", "/api/customers/{id}/tickets"];

test("every list that has cursors is tried here", async () => {
  const { paths } = (await (await app.request("/api/openapi.json")).json()) as {
    paths: Record<string, { get?: { parameters?: { name: string }[] } }>;
  };
  const lists = Object.entries(paths)
    .filter(([, { get }]) => get?.parameters?.some(({ name }) => name === "cursor"))
    .map(([path]) => path);
  expect(lists.sort()).toEqual([...Object.keys(places), ...OF_TICKETS].sort());
});

test("a cursor is taken by its own list and refused by every other", async () => {
  for (const [list, [path]] of Object.entries(places)) {
    for (const [origin, [, cursor]] of Object.entries(places)) {
      const response = await app.request(`${path}?cursor=${cursor}`, send(admin));
      if (origin === list) expect([list, response.status]).toEqual([list, 200]);
      else await expectProblem(response, 400, "invalid_cursor");
    }
  }
});
