import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../context.ts";
import { AppError } from "../problem.ts";
import { readBody } from "./body.ts";

/** Largest JSON body in bytes (contract section 1). */
export const JSON_BODY_LIMIT = 256 * 1024;
const MAX_DEPTH = 32;

const STRING_TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?/g;

const invalidJson = (reason: string) => new AppError("invalid_json", { params: { reason } });

/**
 * Walks a parsed value without recursion: counts its object members and refuses what no field may hold.
 *
 * @throws AppError `invalid_json` beyond MAX_DEPTH, `invalid_text` for NUL or a lone surrogate.
 */
function inspect(root: unknown): number {
  let members = 0;
  const checkText = (text: string) => {
    if (text.includes("\0") || !text.isWellFormed()) throw new AppError("invalid_text");
  };
  const open: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }];
  for (let item = open.pop(); item; item = open.pop()) {
    const { value, depth } = item;
    if (typeof value === "string") checkText(value);
    if (typeof value !== "object" || value === null) continue;
    if (depth === MAX_DEPTH) throw invalidJson("nested too deeply");
    if (!Array.isArray(value)) {
      const names = Object.keys(value);
      members += names.length;
      names.forEach(checkText);
    }
    for (const inner of Object.values(value)) open.push({ value: inner, depth: depth + 1 });
  }
  return members;
}

/**
 * Reads a JSON request body strictly: UTF-8, no duplicate member names (RFC 8259 section 4 leaves their
 * meaning open, so two readers could disagree), bounded depth, well-formed text.
 *
 * @returns the body as text, fit for JSON.parse.
 * @throws AppError `invalid_json` or `invalid_text`.
 */
export function checkJson(bytes: Uint8Array): string {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw invalidJson("not UTF-8");
  }
  if (text.trim() === "") throw invalidJson("empty");
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidJson("syntax error");
  }
  let names = 0;
  for (const token of text.matchAll(STRING_TOKENS)) if (token[1]) names++;
  if (names !== inspect(value)) throw invalidJson("duplicate member name");
  return text;
}

/**
 * Reads the body once, as strict JSON, and leaves it in Hono's body cache for the route's schema.
 *
 * @param options.isOptional a body that is empty, or of no type, is `{}`.
 */
export const jsonBody =
  (options: { isOptional: boolean }): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const type = c.req.header("content-type");
    // Without a type the route's schema is not asked.
    if (options.isOptional && type === undefined) return next();
    if (!/^application\/json\s*(;|$)/i.test(type ?? "")) {
      throw new AppError("unsupported_media_type", { params: { expected: "application/json" } });
    }
    // Parameters and odd spacing are accepted here and nowhere else: what follows compares literally.
    if (type !== "application/json") {
      const headers = new Headers(c.req.raw.headers);
      headers.set("content-type", "application/json");
      c.req.raw = new Request(c.req.raw, { headers });
    }
    const bytes = await readBody(c.req.raw, JSON_BODY_LIMIT);
    const text = options.isOptional && bytes.length === 0 ? "{}" : checkJson(bytes);
    Object.assign(c.req.bodyCache, { text: Promise.resolve(text) });
    await next();
  };
