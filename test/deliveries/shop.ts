import { expect, inject } from "vitest";
import { type App, machine, type Person, person, send } from "../helpers.ts";
import { openReceiver } from "../receivers/client.ts";
import type { Answer, Received } from "../receivers/protocol.ts";

/** The people and the machine that most tests need. */
export async function setUpShop() {
  return {
    admin: await person("admin", "Anna Admin"),
    supervisor: await person("supervisor", "Samuel Superviseur"),
    technician: await person("technician", "Tara Technician"),
    machine_id: await machine("CNC", "Haas VF-2"),
  };
}

export type Shop = Awaited<ReturnType<typeof setUpShop>>;

/** A receiver with an address of its own. */
export const receiver = (...answers: Answer[]) => openReceiver(inject("receivers"), ...answers);

/** Creates a ticket through the API. */
export async function createTicket(app: App, by: Person, fields: Record<string, unknown>, headers = {}) {
  const response = await app.request("/api/tickets", send(by, { title: "Spindle vibrates", ...fields }, headers));
  expect(response.status).toBe(201);
  const { ticket } = (await response.json()) as { ticket: { id: number; ticket_id: string } };
  return ticket;
}

export interface Webhook {
  id: number;
  secret: string;
}

/** Adds a webhook endpoint through the API. */
export async function addWebhook(app: App, admin: Person, url: string, events: string[]): Promise<Webhook> {
  const response = await app.request("/api/webhooks", send(admin, { url, events }));
  expect(response.status).toBe(201);
  return ((await response.json()) as { webhook: Webhook }).webhook;
}

export interface Event {
  id: string;
  type: string;
  timestamp: string;
  data: Record<string, Record<string, unknown>> & { reason?: string; event?: string };
}

/** The body of a request that must have come. */
export function bodyText(received: Received | undefined): string {
  if (!received) throw new Error("nothing came");
  return Buffer.from(received.body, "base64").toString("utf8");
}

/** The webhook event that a receiver got. */
export const eventOf = (received: Received | undefined): Event => JSON.parse(bodyText(received)) as Event;

/** Answers to a request that must succeed. */
export async function ok<T>(response: Promise<Response>): Promise<T> {
  const answer = await response;
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
}
