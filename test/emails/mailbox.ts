import { env } from "cloudflare:workers";
import { expect, onTestFinished, vi } from "vitest";
import { createTicket, setUpShop } from "../deliveries/shop.ts";
import { stage } from "../deliveries/stage.ts";
import { execute, type Person, queryAll, send } from "../helpers.ts";

/** A mail as it was handed to the binding. */
export interface Mail {
  from: { email: string; name: string };
  to: string | { email: string; name: string };
  subject: string;
  html: string;
  text: string;
  headers: Record<string, string>;
}

export const addressOf = ({ to }: Mail): string => (typeof to === "string" ? to : to.email);

/** An error as the mail service throws it. */
export const serviceError = (code: string): Error => Object.assign(new Error(`no: ${code}`), { code });

/** A mail service that never answers. */
export const silence = (): Promise<never> => new Promise(() => undefined);

/**
 * The real local `EMAIL` binding, with a note of what goes through it. `answer` lets the next mails to an address end
 * otherwise: what it is given runs before the binding takes the mail, and may throw.
 */
export function mailbox() {
  const script = new Map<string, (() => unknown)[]>();
  const tried: Mail[] = [];
  const sent: (Mail & { messageId: string })[] = [];
  return {
    tried,
    sent,
    answer: (address: string, ...acts: (() => unknown)[]) => script.set(address, acts),
    refuse(address: string, ...codes: string[]) {
      script.set(
        address,
        codes.map((code) => () => Promise.reject(serviceError(code))),
      );
    },
    EMAIL: {
      send: async (message: Mail) => {
        tried.push(message);
        await script.get(addressOf(message))?.shift()?.();
        const { messageId } = await env.EMAIL.send(message);
        sent.push({ ...message, messageId });
        return { messageId };
      },
    },
  };
}

/** The application with its mailbox, a shop and a ticket. */
export async function postOffice(settings: Record<string, unknown> = {}) {
  const box = mailbox();
  const on = stage({ settings: { EMAIL: box.EMAIL, ...settings } });
  const shop = await setUpShop();
  const ticket = await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id });
  await on.deliver();
  return { ...box, on, shop, ticket };
}

export interface EmailRow {
  id: number;
  tracking_id: string;
  token: string;
  recipient: string;
  recipient_name: string | null;
  customer_id: number | null;
  language: string;
  status: string;
  reason: string | null;
  message_id: string | null;
  sent_at: string | null;
  opened_at: string | null;
  open_count: number;
  opened_by: string | null;
}

export const emailRows = (where = "1"): Promise<EmailRow[]> =>
  queryAll<EmailRow>(`SELECT * FROM email_history WHERE ${where} ORDER BY id`);

/** The newest e-mail. */
export async function newestEmail(): Promise<EmailRow> {
  const row = (await emailRows()).at(-1);
  if (!row) throw new Error("no e-mail");
  return row;
}

/** Empties the outbox and forgets every mail, opt-out, and way and wish of a customer. */
export const clearMail = (): Promise<void> =>
  execute(
    "DELETE FROM delivery_attempts",
    "DELETE FROM deliveries",
    "DELETE FROM webhook_endpoints",
    "DELETE FROM email_history",
    "DELETE FROM email_messages",
    "DELETE FROM email_opt_outs",
    "DELETE FROM contact_history",
    "DELETE FROM contact_methods",
    "DELETE FROM contact_preferences",
  );

interface App {
  request(path: string, init?: RequestInit): Promise<Response>;
}

/** Sends an e-mail through the API; it must be taken. */
export async function postEmail(
  app: App,
  by: Person,
  ref: string,
  to: string[],
  fields: Record<string, unknown> = {},
  headers: Record<string, string> = {},
) {
  const body = { recipients: to.map((email) => ({ email })), subject: "About your machine", body: "Hello", ...fields };
  const response = await app.request(`/api/tickets/${ref}/emails`, send(by, body, headers));
  expect(response.status).toBe(202);
  return (await response.json()) as {
    tracking_id: string;
    emails: { id: number; recipient: string; status: string }[];
  };
}

/** Adds a customer through the API. */
export async function addCustomer(app: App, by: Person, fields: Record<string, unknown> = {}): Promise<number> {
  const response = await app.request("/api/customers", send(by, { name: "Jeanne Tremblay", ...fields }));
  expect(response.status).toBe(201);
  return ((await response.json()) as { customer: { id: number } }).customer.id;
}

/** Replaces a customer's preferences; everything is allowed and nothing quiet unless told. */
export async function prefer(app: App, by: Person, customerId: number, fields: Record<string, unknown>): Promise<void> {
  const all = { allow_email: true, allow_sms: true, allow_whatsapp: true, allow_phone: true };
  const body = { preferred_channel: "email", ...all, quiet_from: null, quiet_until: null, ...fields };
  const init = send(by, body, {}, "PUT");
  expect((await app.request(`/api/customers/${customerId}/contact-preferences`, init)).status).toBe(200);
}

/** Lets the 30 seconds that the mail service is given pass in `ms`; notes every wait of this length. */
export function hurry(ms = 50): number[] {
  const meant: number[] = [];
  const real = globalThis.setTimeout;
  const spy = vi.spyOn(globalThis, "setTimeout").mockImplementation(((act: () => void, delay = 0) => {
    if (delay !== 30_000) return real(act, delay);
    meant.push(delay);
    return real(act, ms);
  }) as unknown as typeof setTimeout);
  onTestFinished(() => spy.mockRestore());
  return meant;
}

/** Sends a mail; returns what is in it. */
export async function receive(office: Awaited<ReturnType<typeof postOffice>>, to = "jeanne@atelier.example") {
  const { on, shop, ticket } = office;
  await postEmail(on.app, shop.supervisor, ticket.ticket_id, [to]);
  await on.deliver();
  const { token } = await newestEmail();
  const link = /https:\/\/shop\.example(\/u\/[^>]+)>/.exec(office.sent.at(-1)?.headers["List-Unsubscribe"] ?? "")?.[1];
  if (!link) throw new Error("no link");
  return { token, pixel: `/t/${token}.gif`, link };
}
