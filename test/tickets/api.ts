import { expect } from "vitest";
import { Ticket } from "../../src/tickets/schemas.ts";
import { type App, type Person, send } from "../helpers.ts";

export const postTicket = (app: App, sender: Person | null, body: unknown, headers: Record<string, string> = {}) =>
  app.request("/api/tickets", send(sender, body, headers));

/** The ticket of a 201 answer, with every member checked against the published schema and no other allowed. */
export async function createdTicket(response: Response): Promise<Ticket> {
  const text = await response.text();
  expect({ status: response.status, text }).toEqual({ status: 201, text: expect.stringMatching(/^\{"ticket":\{/) });
  return Ticket.strict().parse((JSON.parse(text) as { ticket: unknown }).ticket);
}
