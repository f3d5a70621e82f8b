import { signal } from "@preact/signals";
import { sessionEnded, user } from "../device/session.ts";
import { language } from "../words/words.ts";
import { NoAnswer, type ProblemDocument, Refused } from "./errors.ts";
import type { AnswerOf, EndpointName, InputOf } from "./types.ts";

/** Longer than the slowest answer of the server; a phone on the edge of the Wi-Fi would wait for ever. */
const PATIENCE_MS = 30_000;

/** Whether the last request got an answer. It is never asked of `navigator.onLine`, which says yes on dead Wi-Fi. */
export const reachable = signal(true);

/** When the oldest of the requests began that have no answer yet, as `Date.now()`; null: none is under way. */
export const waitingSince = signal<number | null>(null);
const underWay = new Set<number>();

interface Options {
  /** Sent as `Idempotency-Key`: the request may then be repeated without harm. */
  key?: string;
  ifMatch?: string;
  signal?: AbortSignal;
}

/** The address of an endpoint with its parameters filled in. */
function addressOf(path: string, input: { params?: object; query?: object }): string {
  const values = (input.params ?? {}) as Record<string, string | number>;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input.query ?? {})) if (value !== undefined) query.set(name, `${value}`);
  return query.size > 0 ? `${filled}?${query}` : filled;
}

async function answerTo(address: string, init: RequestInit): Promise<Response> {
  const began = Date.now();
  underWay.add(began);
  waitingSince.value = Math.min(...underWay);
  try {
    return await fetch(address, init);
  } catch (error) {
    throw new NoAnswer(String(error));
  } finally {
    underWay.delete(began);
    waitingSince.value = underWay.size > 0 ? Math.min(...underWay) : null;
  }
}

/** A body that is JSON of ours; a hotel's sign-in page in its place is no answer. */
async function json(response: Response): Promise<unknown> {
  if (response.status === 204) return null;
  if (!/^application\/(problem\+)?json/.test(response.headers.get("content-type") ?? ""))
    throw new NoAnswer("not ours");
  return response.json().catch((error) => {
    throw new NoAnswer(String(error));
  });
}

/**
 * Asks the API for something, as whoever is signed in. Every request says in which language refusals are to be, what
 * time the phone believes that it is, and for whom it asks, so that nobody's request goes out under another's session.
 *
 * @throws Refused when the server says no; 401 moreover notes that the session has ended. NoAnswer when none came.
 */
export async function request<Name extends EndpointName>(
  name: Name,
  input: InputOf<Name>,
  { key, ifMatch, signal }: Options = {},
): Promise<AnswerOf<Name>> {
  const [method = "GET", path = "/"] = name.split(" ");
  const { body } = input as { body?: unknown };
  const headers: Record<string, string> = {
    accept: "application/json",
    "accept-language": language.peek(),
    "client-time": new Date().toISOString(),
    ...(user.peek() && { "shopfloor-user": `${user.peek()?.id}` }),
    ...(body !== undefined && { "content-type": "application/json" }),
    ...(key && { "idempotency-key": key }),
    ...(ifMatch && { "if-match": ifMatch }),
  };
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const init = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
  try {
    const response = await answerTo(addressOf(path, input), {
      ...init,
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
    });
    const answer = await json(response);
    reachable.value = true;
    if (response.ok) return answer as AnswerOf<Name>;
    if (response.status === 401 && user.peek() && name !== "POST /api/auth/sign-in/email") sessionEnded.value = true;
    const wait = Number(response.headers.get("retry-after"));
    throw new Refused(answer as ProblemDocument, wait > 0 ? wait : null);
  } catch (error) {
    if (error instanceof NoAnswer && !signal?.aborted) reachable.value = false;
    throw error;
  }
}
