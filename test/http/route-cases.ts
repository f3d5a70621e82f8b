import Stripe from "stripe";
import { ALLOWED } from "../attachments/files.ts";
import { machine, PASSWORD, person, send } from "../helpers.ts";
import {
  admin,
  app,
  CASES,
  type Case,
  machine_id,
  newCustomer,
  newDelivery,
  newTicket,
  newWebhook,
  next,
  post,
  request,
} from "./once-cases.ts";

const at = (path: string) => async (): Promise<Case> => ({ path });
const ofTicket = (rest: string) => async () => ({ path: `/api/tickets/${await newTicket()}${rest}` });
const ofCustomer = (rest: string) => async () => ({ path: `/api/customers/${await newCustomer()}${rest}` });
/** What Stripe's events are signed with here. */
export const STRIPE_SECRET = "whsec_a_secret_that_only_stripe_and_we_know";

/** An event as Stripe signs it. */
async function stripeEvent(): Promise<Case> {
  const payload = JSON.stringify({
    id: `evt_${next()}`,
    type: "customer.updated",
    created: 1_795_000_000,
    data: { object: { id: "cus_1", metadata: { customer_id: String(await newCustomer()) } } },
  });
  const signature = await Stripe.webhooks.generateTestHeaderStringAsync({
    payload,
    secret: STRIPE_SECRET,
    cryptoProvider: Stripe.createSubtleCryptoProvider(),
  });
  return { path: "/api/stripe/webhook", body: JSON.parse(payload), headers: { "stripe-signature": signature } };
}

/** Where to ask for what changes from now on. */
async function nothingNew(): Promise<string> {
  const now = (await (await app.request("/api/changes", send(admin))).json()) as { next_cursor: string };
  return `/api/changes?cursor=${now.next_cursor}`;
}

const ofMachine = (rest: string) => async () => ({ path: `/api/machines/${machine_id}${rest}` });

/** What an operation that honours a key has made. */
async function made<T>(operation: string): Promise<T> {
  const one = (await CASES[operation]?.()) as Case;
  return (await (await request(operation, one, one.body, `made-${next()}`)).json()) as T;
}

/** A request of each operation; behind a comma, the same with more to do. */
export const ROUTE_CASES: Record<string, () => Promise<Case>> = {
  ...CASES,
  "GET /api/health": at("/api/health"),
  "GET /api/auth/get-session": at("/api/auth/get-session"),
  "POST /api/auth/sign-in/email": async () => {
    const { email } = await person("operator");
    return { path: "/api/auth/sign-in/email", body: { email, password: PASSWORD } };
  },
  "POST /api/auth/sign-out": async () => ({ path: "/api/auth/sign-out", sender: await person("operator") }),
  "GET /api/me": at("/api/me"),
  "GET /api/me/queue": at("/api/me/queue"),
  "GET /api/users": at("/api/users"),
  "GET /api/users/assignable": at("/api/users/assignable"),
  "GET /api/users/{id}": async () => ({ path: `/api/users/${admin.id}` }),
  "GET /api/api-keys": at("/api/api-keys"),
  "DELETE /api/api-keys/{id}": async () => {
    const { api_key } = await made<{ api_key: { id: number } }>("POST /api/api-keys");
    return { path: `/api/api-keys/${api_key.id}` };
  },
  "GET /api/machine-types": at("/api/machine-types"),
  "GET /api/machines": at("/api/machines?q=cnc"),
  "GET /api/machines/{id}": ofMachine(""),
  "DELETE /api/machines/{id}": async () => ({ path: `/api/machines/${await machine("CNC")}` }),
  "GET /api/machines/{id}/timeline": ofMachine("/timeline"),
  "GET /api/machines/{id}/qr.svg": ofMachine("/qr.svg"),
  "GET /api/machines/{id}/tickets": ofMachine("/tickets"),
  "GET /api/machines/by-token/{token}": async () => {
    const answer = await app.request(`/api/machines/${machine_id}`, send(admin));
    const { machine: labelled } = (await answer.json()) as { machine: { qr_token: string } };
    return { path: `/api/machines/by-token/${labelled.qr_token}` };
  },
  "GET /api/tickets": at("/api/tickets"),
  "GET /api/tickets/{ref}": ofTicket(""),
  "DELETE /api/tickets/{ref}": ofTicket(""),
  "GET /api/tickets/{ref}/timeline": ofTicket("/timeline"),
  "GET /api/tickets/{ref}/attachments": ofTicket("/attachments"),
  "GET /api/tickets.csv": at("/api/tickets.csv"),
  "GET /api/attachments/{id}": async () => {
    const { attachment } = await made<{ attachment: { id: number } }>("POST /api/tickets/{ref}/attachments");
    return { path: `/api/attachments/${attachment.id}` };
  },
  "GET /api/attachments/{id}/thumbnail": async () => {
    const one = (await CASES["POST /api/tickets/{ref}/attachments"]?.()) as Case;
    (one.body as FormData).append("thumbnail", new File([ALLOWED.png], "small.png"));
    const answer = await request("POST /api/tickets/{ref}/attachments", one, one.body, `made-${next()}`);
    return { path: `${answer.headers.get("location")}/thumbnail` };
  },
  "GET /api/emails": async () => {
    const one = (await CASES["POST /api/tickets/{ref}/emails"]?.()) as Case;
    const sent = await request("POST /api/tickets/{ref}/emails", one, one.body, `made-${next()}`);
    return { path: sent.headers.get("location") ?? "" };
  },
  "GET /api/customers": at("/api/customers?q=acme"),
  "GET /api/customers/{id}": ofCustomer(""),
  "DELETE /api/customers/{id}": ofCustomer(""),
  "GET /api/customers/{id}/export": ofCustomer("/export"),
  "GET /api/customers/{id}/tickets": ofCustomer("/tickets"),
  "GET /api/customers/{id}/contact-methods": ofCustomer("/contact-methods"),
  "DELETE /api/customers/{id}/contact-methods/{method_id}": async () => {
    const path = `/api/customers/${await newCustomer()}/contact-methods`;
    const { contact_method } = await post<{ contact_method: { id: number } }>(path, {
      kind: "email",
      value: "z@acme.example",
    });
    return { path: `${path}/${contact_method.id}` };
  },
  "GET /api/customers/{id}/contact-preferences": ofCustomer("/contact-preferences"),
  "GET /api/customers/{id}/contact-history": ofCustomer("/contact-history"),
  "GET /api/stats": at("/api/stats"),
  "GET /api/changes": async () => {
    const path = await nothingNew();
    await newTicket();
    return { path };
  },
  "GET /api/me/bootstrap": at("/api/me/bootstrap"),
  "GET /api/changes, none": async () => ({ path: await nothingNew() }),
  "GET /api/push/vapid-public-key": at("/api/push/vapid-public-key"),
  "GET /api/push/subscriptions": at("/api/push/subscriptions"),
  "DELETE /api/push/subscriptions/{id}": async () => {
    const { subscription } = await made<{ subscription: { id: number } }>("POST /api/push/subscriptions");
    return { path: `/api/push/subscriptions/${subscription.id}` };
  },
  "GET /api/push/logs": at("/api/push/logs"),
  "GET /api/webhooks": at("/api/webhooks"),
  "DELETE /api/webhooks/{id}": async () => ({ path: `/api/webhooks/${await newWebhook()}` }),
  "GET /api/deliveries": at("/api/deliveries"),
  "GET /api/deliveries/health": at("/api/deliveries/health"),
  "GET /api/deliveries/{id}": async () => ({ path: `/api/deliveries/${await newDelivery()}` }),
  "GET /api/sync": at("/api/sync"),
  "POST /api/stripe/webhook": stripeEvent,
  "GET /api/tickets, searched": async () => {
    await post("/api/tickets", { title: "Coolant leaks", machine_id });
    return { path: "/api/tickets?q=coolant" };
  },
  "POST /api/customers/{id}/contact-history, about a ticket": async () => {
    const body = { channel: "phone", direction: "inbound", summary: "Asked", ticket: String(await newTicket()) };
    return { path: `/api/customers/${await newCustomer()}/contact-history`, body };
  },
  "GET /api/me/queue, unchanged": async () => {
    const page = await app.request("/api/me/queue", send(admin));
    return { path: "/api/me/queue", headers: { "if-none-match": page.headers.get("etag") ?? "" } };
  },
};
