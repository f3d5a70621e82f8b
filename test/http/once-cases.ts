import { beforeAll } from "vitest";
import { bindings, execute, machine, PASSWORD, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { subscriptionKeys } from "../push/subscription-keys.ts";

export const sent: string[] = [];
export const app = startApp(
  {
    fetch: async (input) => {
      sent.push(String(input instanceof Request ? input.url : input));
      return new Response(null, { status: 201 });
    },
  },
  // A queue that delivers nothing: only the requests themselves change rows.
  bindings({ STRIPE_SECRET_KEY: "sk_test_once", DELIVERIES: { send: async () => {}, sendBatch: async () => {} } }),
);
export let admin: Person;
export let machine_id: number;

beforeAll(async () => {
  admin = await person("admin");
  machine_id = await machine("CNC");
});

let count = 0;
export const next = () => ++count;
export const post = async <T>(path: string, body: unknown): Promise<T> =>
  (await (await app.request(path, send(admin, body))).json()) as T;
export const newTicket = async () =>
  (await post<{ ticket: { id: number } }>("/api/tickets", { title: `Alarm ${next()}`, machine_id })).ticket.id;
export const newCustomer = async () =>
  (await post<{ customer: { id: number } }>("/api/customers", { name: `Acme ${next()}` })).customer.id;
export const newWebhook = async () =>
  (
    await post<{ webhook: { id: number } }>("/api/webhooks", {
      url: `https://hooks.example.com/${next()}`,
      events: ["notification.fallback"],
    })
  ).webhook.id;

export async function newDelivery() {
  const subject = `ticket:${next() + 10_000}`;
  await execute(
    `INSERT INTO deliveries (channel, target, subject, event_type, payload, status, created_at, updated_at)
     VALUES ('push', 'user:1', '${subject}', 'ticket.assigned', '{}', 'failed', '', '')`,
  );
  const [row] = await queryAll<{ id: number }>("SELECT MAX(id) AS id FROM deliveries");
  return row?.id ?? 0;
}

export interface Case {
  path: string;
  /** Undefined: the request has no body, and so no other one either. */
  body?: unknown;
  other?: unknown;
  /** Who sends it; the administrator if nobody else. */
  sender?: Person;
  headers?: Record<string, string>;
}

const newSubscription = () => ({
  endpoint: `https://fcm.googleapis.com/fcm/send/${next()}`,
  keys: subscriptionKeys().keys,
});

const user = () => ({
  email: `p${next()}@shop.example`,
  name: "Somebody",
  role: "operator",
  password: "tungsten carbide 7",
});

/** A request of each operation, with fresh things to change, and another body for the same operation. */
export const CASES: Record<string, () => Promise<Case>> = {
  "POST /api/tickets": async () => ({
    path: "/api/tickets",
    body: { title: `Spindle ${next()}`, machine_id },
    other: { title: "Other", machine_id },
  }),
  "PATCH /api/tickets/{ref}": async () => ({
    path: `/api/tickets/${await newTicket()}`,
    body: { title: "Changed", status: "in_progress", comment: "On it" },
    other: { title: "Other" },
  }),
  "POST /api/tickets/{ref}/comments": async () => ({
    path: `/api/tickets/${await newTicket()}/comments`,
    body: { body: "Smoke" },
    other: { body: "Fire" },
  }),
  "POST /api/tickets/{ref}/acknowledge": async () => ({ path: `/api/tickets/${await newTicket()}/acknowledge` }),
  "POST /api/tickets/{ref}/attachments": async () => ({
    path: `/api/tickets/${await newTicket()}/attachments`,
    body: file("one.pdf"),
    other: file("two.pdf"),
  }),
  "POST /api/tickets/{ref}/emails": async () => ({
    path: `/api/tickets/${await newTicket()}/emails`,
    body: { recipients: [{ email: "a@customer.example" }], subject: "Hello", body: "Text" },
    other: { recipients: [{ email: "b@customer.example" }], subject: "Hello", body: "Text" },
  }),
  "POST /api/tickets/import": async () => ({
    path: "/api/tickets/import",
    body: `title,machine_id\nImported ${next()},${machine_id}\n`,
    other: `title,machine_id\nOther,${machine_id}\n`,
  }),
  "POST /api/machine-types": async () => ({
    path: "/api/machine-types",
    body: { code: letters(next()), name: "Saw" },
    other: { code: letters(next()), name: "Saw" },
  }),
  "PATCH /api/machine-types/{id}": async () => {
    const { machine_type } = await post<{ machine_type: { id: number } }>("/api/machine-types", {
      code: letters(next()),
      name: "Saw",
    });
    return { path: `/api/machine-types/${machine_type.id}`, body: { name: "Band saw" }, other: { name: "Jigsaw" } };
  },
  "POST /api/machines": async () => ({
    path: "/api/machines",
    body: { machine_type: "CNC", name: `Haas ${next()}` },
    other: { machine_type: "CNC", name: "Mazak" },
  }),
  "PATCH /api/machines/{id}": async () => ({
    path: `/api/machines/${await machine("CNC", `Haas ${next()}`)}`,
    body: { location: "Hall 2", status: "maintenance" },
    other: { location: "Hall 3" },
  }),
  "POST /api/users": async () => ({ path: "/api/users", body: user(), other: user() }),
  "PATCH /api/users/{id}": async () => {
    const { id } = await person("operator");
    return {
      path: `/api/users/${id}`,
      body: { name: "Renamed", password: "tungsten carbide 8" },
      other: { name: "Renamed", password: "tungsten carbide 9" },
    };
  },
  "PATCH /api/me": async () => ({
    path: "/api/me",
    sender: await person("operator"),
    body: { name: "Myself", password: "tungsten carbide 8", current_password: PASSWORD },
    other: { name: "Another", password: "tungsten carbide 8", current_password: PASSWORD },
  }),
  "POST /api/api-keys": async () => ({
    path: "/api/api-keys",
    body: { name: "ERP", user_id: admin.id },
    other: { name: "MES", user_id: admin.id },
  }),
  "POST /api/customers": async () => ({
    path: "/api/customers",
    body: { name: `Acme ${next()}`, email: "a@acme.example" },
    other: { name: "Other" },
  }),
  "PATCH /api/customers/{id}": async () => ({
    path: `/api/customers/${await newCustomer()}`,
    body: { email: "new@acme.example" },
    other: { email: "other@acme.example" },
  }),
  "POST /api/customers/{id}/contact-methods": async () => ({
    path: `/api/customers/${await newCustomer()}/contact-methods`,
    body: { kind: "email", value: "x@acme.example", is_primary: true },
    other: { kind: "email", value: "y@acme.example" },
  }),
  "PUT /api/customers/{id}/contact-preferences": async () => ({
    path: `/api/customers/${await newCustomer()}/contact-preferences`,
    body: preferences("sms"),
    other: preferences("phone"),
  }),
  "POST /api/customers/{id}/contact-history": async () => ({
    path: `/api/customers/${await newCustomer()}/contact-history`,
    body: { channel: "phone", direction: "inbound", summary: "Asked" },
    other: { channel: "phone", direction: "inbound", summary: "Asked again" },
  }),
  "POST /api/customers/{id}/sync": async () => ({ path: `/api/customers/${await newCustomer()}/sync` }),
  "POST /api/sync/customers": async () => {
    const id = await newCustomer();
    return { path: "/api/sync/customers", body: { ids: [id] }, other: { ids: [id, 9999] } };
  },
  "POST /api/sync/resume": async () => ({ path: "/api/sync/resume" }),
  "POST /api/push/subscriptions": async () => {
    const subscription = newSubscription();
    return {
      path: "/api/push/subscriptions",
      body: { subscription, device_name: "Phone" },
      other: { subscription, device_name: "Tablet" },
    };
  },
  "POST /api/push/test": async () => {
    const sender = await person("operator");
    const subscription = newSubscription();
    await app.request("/api/push/subscriptions", send(sender, { subscription }));
    return { path: "/api/push/test", sender };
  },
  "POST /api/webhooks": async () => ({
    path: "/api/webhooks",
    body: { url: `https://hooks.example.com/${next()}`, events: ["ticket.created"] },
    other: { url: "https://hooks.example.com/other", events: ["ticket.created"] },
  }),
  "PATCH /api/webhooks/{id}": async () => ({
    path: `/api/webhooks/${await newWebhook()}`,
    body: { description: "Mine" },
    other: { description: "Yours" },
  }),
  "POST /api/webhooks/{id}/rotate-secret": async () => ({ path: `/api/webhooks/${await newWebhook()}/rotate-secret` }),
  "POST /api/webhooks/{id}/test": async () => ({ path: `/api/webhooks/${await newWebhook()}/test` }),
  "POST /api/deliveries/{id}/retry": async () => ({ path: `/api/deliveries/${await newDelivery()}/retry` }),
  "POST /api/deliveries/cleanup": async () => ({
    path: "/api/deliveries/cleanup",
    body: { older_than_hours: 720, status: "completed", dry_run: false },
    other: { older_than_hours: 721, status: "completed", dry_run: false },
  }),
};

/** Why a repeat does no harm there without a key. */
export const EXEMPT: Record<string, string> = {
  "POST /api/auth/sign-in/email": "each sign-in is a session of its own",
  "POST /api/auth/sign-out": "a second time changes nothing",
  "POST /api/stripe/webhook": "Stripe's events carry ids of their own",
};

export const letters = (n: number) => `Q${String.fromCharCode(65 + (n % 26), 65 + (Math.floor(n / 26) % 26))}`;
const preferences = (preferred_channel: string) => ({
  preferred_channel,
  allow_email: true,
  allow_sms: true,
  allow_whatsapp: false,
  allow_phone: true,
  quiet_from: null,
  quiet_until: null,
});

function file(name: string): FormData {
  const form = new FormData();
  form.set("file", new File([`%PDF-1.7\n${name}`], name, { type: "application/pdf" }));
  return form;
}

/** One request of a case, with a key. */
export function request(
  operation: string,
  { path, sender = admin, headers: more }: Case,
  body: unknown,
  key: string,
  target = app,
): Promise<Response> {
  const method = operation.split(" ")[0] ?? "POST";
  const headers = { "idempotency-key": key, ...more };
  if (body instanceof FormData) {
    return target.request(path, { ...send(sender, undefined, headers, method), body });
  }
  if (typeof body === "string") {
    const init = send(sender, undefined, { ...headers, "content-type": "text/csv" }, method);
    return target.request(path, { ...init, body });
  }
  return target.request(path, send(sender, body, headers, method));
}

/** What a client can compare. */
export const seen = async (response: Response) => ({
  status: response.status,
  location: response.headers.get("location"),
  etag: response.headers.get("etag"),
  type: response.headers.get("content-type"),
  body: await response.text(),
});
