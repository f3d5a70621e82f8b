import { type Draw, pick } from "./draw.ts";

/** What can be named by an id, or found by one. */
export type Kind =
  | "api_key"
  | "attachment"
  | "code"
  | "contact_method"
  | "customer"
  | "cursor"
  | "delivery"
  | "etag"
  | "machine"
  | "machine_type"
  | "number"
  | "subscription"
  | "ticket"
  | "user"
  | "webhook";

/** How many of a kind are remembered: the newest, and among them some that are gone by now. */
const REMEMBERED = 40;

/** The members of answers that hold things of a kind. */
const HOLDERS: Record<string, Kind> = {
  api_key: "api_key",
  attachment: "attachment",
  contact_method: "contact_method",
  customer: "customer",
  deliverie: "delivery",
  delivery: "delivery",
  machine: "machine",
  machine_type: "machine_type",
  subscription: "subscription",
  ticket: "ticket",
  user: "user",
  webhook: "webhook",
};

/** What a member of a body, or a parameter, is the id of. */
const NAMED: Record<string, Kind> = {
  assigned_to: "user",
  before: "cursor",
  customer_id: "customer",
  delivery_id: "delivery",
  ids: "customer",
  machine_id: "machine",
  machine_type: "code",
  method_id: "contact_method",
  cursor: "cursor",
  "if-match": "etag",
  "if-none-match": "etag",
  "if-range": "etag",
  ref: "number",
  reported_by: "user",
  ticket: "number",
  user_id: "user",
};

const CURSORS = ["next_cursor", "previous_cursor", "timeline_before"];

/** What `{id}` is the id of, by the part of the path before it. */
const BEFORE_ID: Record<string, Kind> = {
  "api-keys": "api_key",
  attachments: "attachment",
  customers: "customer",
  deliveries: "delivery",
  "machine-types": "machine_type",
  machines: "machine",
  subscriptions: "subscription",
  users: "user",
  webhooks: "webhook",
};

/** What a parameter or member names, or null when it names nothing. */
export function kindOf(name: string, path: string): Kind | null {
  if (name === "id") return BEFORE_ID[/([\w-]+)\/\{id\}/.exec(path)?.[1] ?? ""] ?? null;
  return NAMED[name] ?? null;
}

/** What earlier answers have shown, for later requests to name. */
export class Known {
  #found = new Map<Kind, (string | number)[]>();

  add(kind: Kind, value: string | number): void {
    const values = this.#found.get(kind) ?? [];
    if (values.includes(value)) return;
    values.push(value);
    if (values.length > REMEMBERED) values.shift();
    this.#found.set(kind, values);
  }

  /** Something of this kind, or null when nothing of it has been seen. */
  pick(draw: Draw, kind: Kind): string | number | null {
    const values = this.#found.get(kind) ?? [];
    return values.length === 0 ? null : pick(draw, values);
  }

  /** Remembers every id, number, code and cursor of an answer. */
  learn(value: unknown, holder = ""): void {
    if (Array.isArray(value)) for (const item of value) this.learn(item, holder);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return;
    const kind = HOLDERS[holder.replace(/s$/, "")];
    for (const [name, inner] of Object.entries(value)) {
      const named = name === "id" ? kind : NAMED[name];
      if (typeof inner === "number" && named && named !== "number") this.add(named, inner);
      if (name === "id" && kind === "ticket" && typeof inner === "number") this.add("number", String(inner));
      if (typeof inner === "string" && name === "ticket_id") this.add("number", inner);
      if (typeof inner === "string" && name === "code" && kind === "machine_type") this.add("code", inner);
      if (typeof inner === "string" && CURSORS.includes(name)) this.add("cursor", inner);
      this.learn(inner, name);
    }
  }
}
