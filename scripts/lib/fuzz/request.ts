import { createHmac } from "node:crypto";
import type { Api, Operation, Parameter } from "./document.ts";
import { chance, type Draw, drawAny, drawBytes, drawInteger, pick } from "./draw.ts";
import { csvOf, uploadOf } from "./files.ts";
import { type Known, kindOf } from "./known.ts";
import type { Sender } from "./people.ts";
import { drawNearly, drawValue, type Source } from "./values.ts";
import { STRIPE_SECRET } from "./worker.ts";

/** A request as it is sent, and what is known of it beforehand. */
export interface FuzzRequest {
  operation: Operation;
  sender: Sender;
  target: string;
  headers: Record<string, string>;
  body: string | Uint8Array<ArrayBuffer> | null;
  /** Everything about it satisfies the document: whatever is wrong with it is no matter of shape. */
  wellFormed: boolean;
}

interface Options {
  api: Api;
  known: Known;
  operation: Operation;
  sender: Sender;
}

const ODD_SEGMENTS = [
  "0",
  "-1",
  "1.0",
  "999999999999999",
  "1e3",
  "9".repeat(40),
  "%00",
  "%ff",
  "x%2Fy",
  "CNC-0000-0000",
  "null",
];
const UNKNOWN = ["surprise", "Limit", "limit[]", "__proto__", "", "q%00"];

function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join(",");
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

/** What stands in the path: percent-encoded, so that it stays one segment. */
function drawSegment(source: Source, parameter: Parameter): { text: string; good: boolean } {
  const { draw, known } = source;
  if (chance(draw, 6)) return { text: pick(draw, ODD_SEGMENTS), good: false };
  const kind = kindOf(parameter.name, source.path);
  const found = kind && chance(draw, 90) ? known.pick(draw, kind) : null;
  const value = plain(found ?? drawValue(source, parameter.schema, parameter.name));
  return { text: encodeURIComponent(value.toWellFormed()).replaceAll(".", "%2E") || "0", good: value !== "" };
}

function drawQuery(source: Source, parameters: Parameter[]): { text: string; good: boolean } {
  const { draw, api } = source;
  const pairs: [string, string][] = [];
  let good = true;
  for (const { name, required, schema } of parameters) {
    if (!required && !chance(draw, name === "limit" ? 50 : 20)) continue;
    let value = chance(draw, 90) ? drawValue(source, schema, name) : drawAny(draw);
    if (name === "limit" && chance(draw, 60)) value = pick(draw, [1, 2, 100]);
    good &&= api.validator(schema)(value);
    pairs.push([name, plain(value)]);
    if (chance(draw, 1)) {
      pairs.push([name, plain(value)]);
      good = false;
    }
  }
  if (chance(draw, 3)) {
    pairs.push([pick(draw, UNKNOWN), "1"]);
    good = false;
  }
  if (pairs.length === 0) return { text: "", good };
  const encode = (text: string) => encodeURIComponent(text.toWellFormed());
  return { text: `?${pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&")}`, good };
}

const RANGES = [
  "bytes=0-0",
  "bytes=0-",
  "bytes=-1",
  "bytes=5-2",
  "bytes=9999999-",
  "bytes=0-1,3-4",
  "lines=1-2",
  "bytes=x",
];

function drawHeaders(source: Source, operation: Operation): { headers: Record<string, string>; good: boolean } {
  const { draw, known } = source;
  const headers: Record<string, string> = {};
  let good = true;
  const names = operation.parameters
    .filter((parameter) => parameter.in === "header")
    .map(({ name }) => name.toLowerCase());
  if (names.includes("idempotency-key") && chance(draw, 35)) {
    const kind = drawInteger(draw, 0, 9);
    // Few, so that they come again with other bodies.
    headers["idempotency-key"] =
      kind < 9 ? `key-${drawInteger(draw, 0, 400)}` : pick(draw, ["two words", "x".repeat(256), "é"]);
    good = kind < 9;
  }
  for (const name of ["if-match", "if-none-match", "if-range"]) {
    if (!names.includes(name) || !chance(draw, 40)) continue;
    headers[name] = String(
      chance(draw, 70) ? (known.pick(draw, "etag") ?? "*") : pick(draw, ["*", '"1"', 'W/"2"', "1", '"1", "2"', "x"]),
    );
  }
  if (names.includes("range") && chance(draw, 50)) headers.range = pick(draw, RANGES);
  if (chance(draw, 20)) headers["accept-language"] = pick(draw, ["fr", "fr-CA,en;q=0.2", "xx", ";;q=9", "*"]);
  if (chance(draw, 3)) headers["x-request-id"] = pick(draw, ["phone-42", "two words", "x".repeat(300)]);
  return { headers, good };
}

const BROKEN = [
  "",
  "{",
  "null",
  "[]",
  '"text"',
  "1e999",
  '{"a":1,"a":2}',
  "\ufeff{}",
  "{'a':1}",
  "[".repeat(5000),
  "[".repeat(40) + "]".repeat(40),
];

type DrawnBody = Pick<FuzzRequest, "body"> & { type: string; good: boolean };

function drawBody(source: Source, { mediaType, schema }: NonNullable<Operation["body"]>): DrawnBody {
  const { draw, api } = source;
  if (mediaType === "multipart/form-data") return { ...uploadOf(draw), good: false };
  if (mediaType === "text/csv") return { ...csvOf(draw), good: false };
  const type = chance(draw, 97)
    ? mediaType
    : pick(draw, ["text/plain", "application/json;charset=utf-16", "APPLICATION/JSON ; x", ""]);
  if (chance(draw, 4)) {
    const bytes = chance(draw, 50) ? new Uint8Array(drawBytes(draw, 60)) : pick(draw, BROKEN);
    return { body: bytes, type, good: false };
  }
  if (chance(draw, 0.5)) return { body: JSON.stringify("x".repeat(257 * 1024)), type, good: false };
  const value = chance(draw, 75) ? drawValue(source, schema, "") : drawNearly(source, schema);
  const text = JSON.stringify(value) ?? "";
  // Judged as it arrives: -0 is 0, and what is no well-formed text is none of JSON Schema's.
  const good =
    type === mediaType && text !== "" && api.validator(schema)(JSON.parse(text)) && !/\\u(d[89a-f]|0000)/i.test(text);
  return { body: text, type, good };
}

/** Stripe signs what it sends. */
function stripeSignature(draw: Draw, body: string): string {
  const now = Math.floor(Date.now() / 1000) - pick(draw, [0, 0, 0, 4000]);
  const key = chance(draw, 80) ? STRIPE_SECRET : "whsec_other";
  return `t=${now},v1=${createHmac("sha256", key).update(`${now}.${body}`).digest("hex")}`;
}

/** Draws a request for an operation. */
export function drawRequest(draw: Draw, { api, known, operation, sender }: Options): FuzzRequest {
  const source: Source = { api, known, draw, path: operation.path };
  let wellFormed = true;
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = operation.parameters.find((known) => known.in === "path" && known.name === name);
    if (!parameter) throw new Error(`${operation.id} does not document ${name}`);
    const { text, good } = drawSegment(source, parameter);
    wellFormed &&= good;
    return text;
  });
  const query = drawQuery(
    source,
    operation.parameters.filter((parameter) => parameter.in === "query"),
  );
  const { headers, good } = drawHeaders(source, operation);
  wellFormed &&= query.good && good;
  const drawn = operation.body && drawBody(source, operation.body);
  if (drawn) {
    wellFormed &&= drawn.good;
    if (drawn.type) headers["content-type"] = drawn.type;
  }
  if (operation.id === "receiveStripeEvent" && typeof drawn?.body === "string") {
    headers["stripe-signature"] = stripeSignature(draw, drawn.body);
    wellFormed = false;
  }
  return {
    operation,
    sender,
    target: path + query.text,
    headers: { ...sender.headers, ...headers },
    body: drawn?.body ?? null,
    wellFormed,
  };
}

/** The request as something that can be sent again by hand, with its sender in place of what proves who it is. */
export function describeRequest({ operation, target, headers, body, sender }: FuzzRequest): string {
  const shown = Object.entries(headers).filter(([name]) => !(name in sender.headers));
  const text = typeof body === "string" ? body : body && Buffer.from(body).toString("latin1");
  return [
    `${operation.method} ${target} by ${sender.name}`,
    ...shown.map(([name, value]) => `  ${name}: ${value.slice(0, 100)}`),
    ...(text === null
      ? []
      : [`  ${text.length > 1500 ? `${text.slice(0, 1500)}… (${text.length} characters)` : text}`]),
  ].join("\n");
}
