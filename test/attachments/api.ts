import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { createApp } from "../../src/app.ts";
import { Attachment } from "../../src/attachments/schemas.ts";
import { realWorld, type World } from "../../src/world.ts";
import { type App, ORIGIN, type Person, queryAll, send } from "../helpers.ts";

/** The application over other bindings, such as a storage that fails. */
export function appWith(overrides: Record<string, unknown>, world: Partial<World> = {}): App {
  const app = createApp({ ...realWorld, ...world });
  return {
    async request(path, init = {}) {
      const execution = createExecutionContext();
      const response = await app.fetch(new Request(ORIGIN + path, init), { ...env, ...overrides }, execution);
      await waitOnExecutionContext(execution);
      return response;
    },
  };
}

/** A multipart request with one part `file`. */
export function fileRequest(
  sender: Person | null,
  bytes: Uint8Array<ArrayBuffer>,
  name = "photo.png",
  headers: Record<string, string> = {},
  type = "image/png",
): RequestInit {
  const body = new FormData();
  body.append("file", new File([bytes], name, { type }));
  return { method: "POST", headers: { ...(sender && { authorization: `Bearer ${sender.token}` }), ...headers }, body };
}

export async function newTicket(
  app: App,
  sender: Person,
  machine_id: number,
): Promise<{ id: number; ticket_id: string }> {
  const response = await app.request("/api/tickets", send(sender, { title: "Spindle vibrates", machine_id }));
  expect(response.status).toBe(201);
  return ((await response.json()) as { ticket: { id: number; ticket_id: string } }).ticket;
}

/** The attachment of a 201 answer, with every member checked against the published schema. */
export async function attached(response: Response): Promise<Attachment> {
  const text = await response.text();
  expect({ status: response.status, text }).toEqual({ status: 201, text: expect.stringContaining('{"attachment":') });
  return Attachment.strict().parse((JSON.parse(text) as { attachment: unknown }).attachment);
}

/** Every row and object that attachments leave behind. */
export async function traces() {
  const { objects } = await env.ATTACHMENTS.list();
  return {
    objects: objects.map((object) => object.key).sort(),
    rows: await queryAll("SELECT * FROM attachments ORDER BY id"),
    timeline: await queryAll("SELECT * FROM ticket_timeline ORDER BY id"),
    tickets: await queryAll("SELECT id, version, updated_at FROM tickets ORDER BY id"),
    keys: await queryAll("SELECT key FROM idempotency_keys ORDER BY key"),
  };
}

export async function expectCode(response: Response, status: number, code: string): Promise<void> {
  const body = (await response.json()) as { code: string };
  expect({ status: response.status, code: body.code }).toEqual({ status, code });
  expect(response.headers.get("content-type")).toBe("application/problem+json");
}
