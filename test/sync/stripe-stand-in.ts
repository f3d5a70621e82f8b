import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Account, type Answer, error, execute, newAccount, operationOf, type Saved } from "./stripe-ledger.ts";
import { faultOf, OPERATIONS, readForm } from "./stripe-openapi.ts";
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

const read = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
};

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
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
