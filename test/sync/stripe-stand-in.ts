import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type FormValue, faultOf, OPERATIONS, type OperationName, readForm } from "./stripe-openapi.ts";
import {
  type Behaviour,
  CLOCK_HEADER,
  type Logged,
  type StripeCustomer,
  type StripeReport,
} from "./stripe-protocol.ts";

// A server that keeps customers as Stripe does, as far as https://docs.stripe.com/api tells: idempotency keys with their
// parameters, kept 24 hours with the first answer, errors included; lists that are up to date and a search that is not.

const KEY_LIFE_MS = 24 * 60 * 60_000;
const SEARCH_LAG_SECONDS = 60;

interface Answer {
  status: number;
  body: object;
  headers?: Record<string, string>;
}

interface Saved {
  request: string;
  at: number;
  /** Null while the first request is at work. */
  answer: Answer | null;
}

/** Everything under one secret key. */
interface Account {
  customers: Map<string, StripeCustomer>;
  deleted: Set<string>;
  keys: Map<string, Saved>;
  behaviours: Behaviour[];
  /** Refuses every request with this status, as for a key that was revoked or lacks a right. */
  refuse: 401 | 403 | null;
  requests: Logged[];
  faults: string[];
  held: Set<() => void>;
  open: number;
  peak: number;
  ids: number;
}

const newAccount = (): Account => ({
  customers: new Map(),
  deleted: new Set(),
  keys: new Map(),
  behaviours: [],
  refuse: null,
  requests: [],
  faults: [],
  held: new Set(),
  open: 0,
  peak: 0,
  ids: 0,
});

const error = (
  status: number,
  type: string,
  details: { code?: string; param?: string } = {},
  headers = {},
): Answer => ({
  status,
  // Stripe's message quotes what it was given: nothing of it may show up in our records.
  body: { error: { type, message: "quotes sk_live_secret and jeanne@atelier.example", ...details } },
  headers,
});

const read = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
};

const operationOf = (method: string, path: string): { name: OperationName; customer: string | null } | null => {
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const pattern = new RegExp(`^${operation.path.replace("{customer}", "(?!search$)([^/]+)")}$`);
    const match = pattern.exec(path);
    if (operation.method === method && match) return { name: name as OperationName, customer: match[1] ?? null };
  }
  return null;
};

function write(customer: StripeCustomer, form: Record<string, FormValue>): void {
  for (const [name, value] of Object.entries(form)) {
    if (name === "metadata") {
      const merged = Object.entries({ ...customer.metadata, ...(value as Record<string, string>) });
      customer.metadata = Object.fromEntries(merged.filter(([, item]) => item !== ""));
    } else Object.assign(customer, { [name]: value === "" ? null : value });
  }
}

const present = (customer: StripeCustomer) => ({ object: "customer", livemode: false, ...customer });

/** Does what is asked. */
function execute(
  account: Account,
  name: OperationName,
  id: string | null,
  form: Record<string, FormValue>,
  now: number,
): Answer {
  const newest = [...account.customers.values()].reverse();
  const page = (object: string, found: StripeCustomer[]): Answer => {
    const limit = Number(form.limit ?? 10);
    const data = found.slice(0, limit).map(present);
    return { status: 200, body: { object, url: "/v1/customers", data, has_more: found.length > limit } };
  };
  if (name === "list") {
    const since = Number((form.created as Record<string, string> | undefined)?.gte ?? 0);
    const start = newest.findIndex((customer) => customer.id === form.starting_after) + 1;
    return page(
      "list",
      newest
        .slice(start)
        .filter((customer) => customer.created >= since && (form.email === undefined || customer.email === form.email)),
    );
  }
  if (name === "search") {
    const [, key = "", value] = /^metadata\['(\w+)'\]:'(\w+)'$/.exec(String(form.query)) ?? [];
    const indexed = newest.filter((customer) => customer.created <= now / 1000 - SEARCH_LAG_SECONDS);
    return page(
      "search_result",
      indexed.filter((customer) => value !== undefined && customer.metadata[key] === value),
    );
  }
  if (name === "create") {
    const created: StripeCustomer = {
      id: `cus_${++account.ids}${Math.random().toString(36).slice(2, 10)}`,
      created: Math.floor(now / 1000),
      name: null,
      business_name: null,
      email: null,
      phone: null,
      preferred_locales: [],
      metadata: {},
    };
    write(created, form);
    account.customers.set(created.id, created);
    return { status: 200, body: present(created) };
  }
  const customer = account.customers.get(id ?? "");
  if (!customer && name === "retrieve" && account.deleted.has(id ?? "")) {
    return { status: 200, body: { id, object: "customer", deleted: true } };
  }
  if (!customer) return error(404, "invalid_request_error", { code: "resource_missing", param: "id" });
  if (name === "update") write(customer, form);
  if (name === "delete") {
    account.customers.delete(customer.id);
    account.deleted.add(customer.id);
    return { status: 200, body: { id, object: "customer", deleted: true } };
  }
  return { status: 200, body: present(customer) };
}

/** The checks that come before a request is carried out, then its idempotency key, then the request itself. */
async function answerTo(
  account: Account,
  logged: Logged,
  encoded: string,
  now: number,
  behaviour: Behaviour | undefined,
  closed: Promise<void>,
): Promise<Answer | null> {
  const { operation, customer, form, key } = logged;
  if (account.refuse === 401) return error(401, "invalid_request_error");
  const scripted = behaviour?.error;
  const scriptedAnswer = () =>
    error(
      scripted?.status ?? 500,
      scripted?.type ?? "api_error",
      { ...(scripted?.code && { code: scripted.code }), ...(scripted?.param && { param: scripted.param }) },
      scripted?.headers,
    );
  if (scripted?.status === 429 || scripted?.status === 409) return scriptedAnswer();
  const fault = faultOf(operation, form);
  if (fault) {
    account.faults.push(`${operation}: ${fault.code} ${fault.param}`);
    return error(400, "invalid_request_error", fault);
  }
  if (typeof form.email === "string" && /^[^@]*$/.test(form.email) && form.email !== "") {
    return error(400, "invalid_request_error", { code: "email_invalid", param: "email" });
  }
  if (behaviour?.drop === "before") return null;
  const post = OPERATIONS[operation].method === "POST";
  if (post && !key) account.faults.push(`${operation}: no idempotency key`);
  const request = `${operation} ${customer ?? ""} ${encoded}`;
  let saved = post && key ? account.keys.get(key) : undefined;
  if (saved && now - saved.at > KEY_LIFE_MS) saved = undefined;
  if (saved) {
    if (saved.request !== request) return error(400, "idempotency_error");
    if (!saved.answer) return error(409, "invalid_request_error", { code: "idempotency_key_in_use" });
    logged.replayed = true;
    return { ...saved.answer, headers: { ...saved.answer.headers, "idempotent-replayed": "true" } };
  }
  const entry: Saved = { request, at: now, answer: null };
  if (post && key) account.keys.set(key, entry);
  const refused = account.refuse === 403 ? error(403, "invalid_request_error") : null;
  const done = scripted && !scripted.acts ? null : (refused ?? execute(account, operation, customer, form, now));
  if (behaviour?.hold) {
    await Promise.race([new Promise<void>((resolve) => account.held.add(resolve)), closed]);
  }
  const answer = scripted ? scriptedAnswer() : (done as Answer);
  entry.answer = answer;
  return behaviour?.drop === "after" ? null : answer;
}

async function serve(account: Account, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://stand-in");
  const found = operationOf(request.method ?? "", url.pathname);
  const body = await read(request);
  if (!found) {
    account.faults.push(`${request.method} ${url.pathname}: no such operation`);
    response.writeHead(404).end("{}");
    return;
  }
  const encoded = request.method === "POST" ? body : url.search.slice(1);
  const key = request.headers["idempotency-key"];
  const logged: Logged = {
    operation: found.name,
    customer: found.customer,
    form: readForm(encoded),
    key: typeof key === "string" ? key : null,
    status: null,
    replayed: false,
  };
  account.requests.push(logged);
  account.peak = Math.max(account.peak, ++account.open);
  const closed = new Promise<void>((resolve) => {
    response.once("close", () => {
      account.open--;
      resolve();
    });
  });
  const behaviour = account.behaviours.find(({ on }) => on === undefined || on === found.name);
  if (behaviour) {
    behaviour.times = (behaviour.times ?? 1) - 1;
    if (behaviour.times <= 0) account.behaviours.splice(account.behaviours.indexOf(behaviour), 1);
  }
  if (behaviour?.delayMs) await new Promise((resolve) => setTimeout(resolve, behaviour.delayMs));
  const now = Number(request.headers[CLOCK_HEADER] ?? Date.now());
  const answer = await answerTo(account, logged, encoded, now, behaviour, closed);
  logged.status = answer?.status ?? null;
  if (!answer) {
    response.destroy();
    return;
  }
  const headers = { "content-type": "application/json", "request-id": `req_${account.requests.length}` };
  response.writeHead(answer.status, { ...headers, ...answer.headers }).end(JSON.stringify(answer.body));
}

/** What a test does to an account from outside: scripts it, changes it as a person at Stripe would, looks at it. */
interface Control {
  behaviours?: Behaviour[];
  refuse?: 401 | 403 | null;
  release?: boolean;
  remove?: string;
  add?: Partial<StripeCustomer>[];
}

function control(account: Account, { behaviours, refuse, release, remove, add = [] }: Control): StripeReport {
  if (behaviours) account.behaviours = behaviours;
  if (refuse !== undefined) account.refuse = refuse;
  if (release) {
    for (const resolve of account.held) resolve();
    account.held.clear();
  }
  if (remove && account.customers.delete(remove)) account.deleted.add(remove);
  for (const fields of add) {
    const id = `cus_by_hand_${++account.ids}`;
    const empty = { name: null, business_name: null, email: null, phone: null, preferred_locales: [], metadata: {} };
    account.customers.set(id, { id, created: 0, ...empty, ...fields });
  }
  const { requests, faults, open, peak } = account;
  return { customers: [...account.customers.values()], requests, faults, open, peak };
}

/**
 * Starts the stand-in. Each secret key is an account of its own; `/control/<key>` scripts and shows it.
 *
 * @param port 0 picks a free one.
 */
export async function startStripe(port = 0) {
  const accounts = new Map<string, Account>();
  const accountOf = (key: string): Account => {
    let account = accounts.get(key);
    if (!account) {
      account = newAccount();
      accounts.set(key, account);
    }
    return account;
  };
  const server = createServer((request, response) => {
    const controlled = /^\/control\/(\w+)$/.exec(request.url ?? "")?.[1];
    const handled = controlled
      ? read(request).then((body) => {
          const report = control(accountOf(controlled), JSON.parse(body || "{}") as Control);
          response.setHeader("content-type", "application/json").end(JSON.stringify(report));
        })
      : serve(accountOf(request.headers.authorization?.replace("Bearer ", "") ?? ""), request, response);
    handled.catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
