import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { ContactMethod, CreateCustomerInput } from "../../src/customers/schemas.ts";
import { Customer } from "../../src/customers/schemas.ts";
import { type App, at, bindings, type Person, queryAll, send, startApp } from "../helpers.ts";
import { interposed } from "../tickets/interposed.ts";

type Headers = Record<string, string>;
type Method = (typeof ContactMethod)["_output"];

/** A customer out of an answer, with every member checked against the published schema and no other allowed. */
export async function customerOf(response: Response, status = 200): Promise<Customer> {
  const body = (await response.json()) as { customer?: unknown };
  expect({ status: response.status, body }).toMatchObject({ status, body: { customer: {} } });
  return Customer.strict().parse(body.customer);
}

/** Requests about customers, sent by one person. */
export function customersOf(app: App, sender: () => Person) {
  const request = (path: string, init: RequestInit) => app.request(`/api/customers${path}`, init);
  /** All of them, page by page. */
  const methods = async (id: number, cursor = ""): Promise<Method[]> => {
    const response = await request(`/${id}/contact-methods?limit=100${cursor}`, send(sender()));
    expect(response.status).toBe(200);
    const page = (await response.json()) as { contact_methods: Method[]; next_cursor: string | null };
    const rest = page.next_cursor === null ? [] : await methods(id, `&cursor=${page.next_cursor}`);
    return [...page.contact_methods, ...rest];
  };
  return {
    post: (body: unknown, headers: Headers = {}) => request("", send(sender(), body, headers)),
    create: async (body: Partial<Record<keyof CreateCustomerInput, unknown>> = {}) =>
      customerOf(await request("", send(sender(), { name: "Jeanne Roy", ...body })), 201),
    get: (path: number | string, headers: Headers = {}) => request(`/${path}`, send(sender(), undefined, headers)),
    read: async (id: number) => customerOf(await request(`/${id}`, send(sender()))),
    patch: (id: number, body: unknown, headers: Headers = {}) =>
      request(`/${id}`, send(sender(), body, headers, "PATCH")),
    change: async (id: number, body: unknown) => customerOf(await request(`/${id}`, send(sender(), body, {}, "PATCH"))),
    remove: (path: number | string, headers: Headers = {}) =>
      request(`/${path}`, send(sender(), undefined, headers, "DELETE")),
    page: (query: string) => request(query, send(sender())),
    list: async (query = "") => {
      const response = await request(query, send(sender()));
      expect(response.status).toBe(200);
      return (await response.json()) as { customers: Customer[]; next_cursor: string | null };
    },
    methods,
    /** Contact methods as `kind value`, primary ones with a star. */
    reached: async (id: number) =>
      (await methods(id)).map((method) => `${method.kind} ${method.value}${method.is_primary ? " *" : ""}`).sort(),
    methodId: async (id: number, kind: string, value: string) =>
      (await methods(id)).find((method) => method.kind === kind && method.value === value)?.id ?? 0,
    addMethod: (id: number, body: unknown) => request(`/${id}/contact-methods`, send(sender(), body)),
    removeMethod: (id: number, methodId: number) =>
      request(`/${id}/contact-methods/${methodId}`, send(sender(), undefined, {}, "DELETE")),
    putPreferences: (id: number, body: unknown) =>
      request(`/${id}/contact-preferences`, send(sender(), body, {}, "PUT")),
    note: (id: number, body: unknown, headers: Headers = {}) =>
      request(`/${id}/contact-history`, send(sender(), body, headers)),
  };
}

/** What disagrees between customers, their contact methods and preferences, anywhere in the database. */
export const disagreements = async (db = env.DB) => {
  const { results } = await db
    .prepare(
      `SELECT c.id, k.kind, k.value,
            (SELECT group_concat(m.value) FROM contact_methods m
             WHERE m.customer_id = c.id AND m.kind = k.kind AND m.is_primary = 1) AS primaries
     FROM customers c
     JOIN (SELECT id, 'phone' AS kind, phone AS value FROM customers
           UNION ALL SELECT id, 'whatsapp', whatsapp FROM customers
           UNION ALL SELECT id, 'email', email FROM customers) k ON k.id = c.id
     WHERE primaries IS NOT k.value
     UNION ALL
     SELECT id, 'preferences', NULL, NULL FROM customers
     WHERE erased_at IS NULL AND id NOT IN (SELECT customer_id FROM contact_preferences)`,
    )
    .all<{ id: number; kind: string; value: string | null; primaries: string | null }>();
  return results;
};

export const EMPTY = { customers: 0, contact_methods: 0, contact_preferences: 0, contact_history: 0 };

/** What the database holds of one customer, by table. */
export async function held(id: number): Promise<typeof EMPTY> {
  const [row] = await queryAll<typeof EMPTY>(
    `SELECT ${Object.keys(EMPTY)
      .map(
        (table) =>
          `(SELECT COUNT(*) FROM ${table} WHERE ${table === "customers" ? "id" : "customer_id"} = ?1) AS ${table}`,
      )
      .join(", ")}`,
    id,
  );
  return row ?? EMPTY;
}

/** An application in which `act` comes between what the first changing request reads and what it writes. */
export const overtakenBy = (now: string, act: () => Promise<unknown>) =>
  startApp(at(now), bindings({ DB: interposed(act) }));
