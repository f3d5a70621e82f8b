import type { Api, DocumentedAnswer, Schema } from "./document.ts";
import type { FuzzRequest } from "./request.ts";

/** An answer as it arrived. */
export interface FuzzAnswer {
  status: number;
  headers: Headers;
  bytes: Uint8Array;
  ms: number;
}

/** Refusals of a request that says something in a way that the document does not admit. */
const REFUSED_FOR_SHAPE = [400, 413, 415];

/** Members of a value that its schema does not know, as paths. */
function* undocumented(api: Api, value: unknown, schemas: Schema[], path: string): Generator<string> {
  const parts = schemas.map((schema) => api.resolve(schema));
  const all = parts.flatMap((part) => (part.allOf ? [part, ...part.allOf.map((inner) => api.resolve(inner))] : [part]));
  if (Array.isArray(value)) {
    const items = all.flatMap((part) => part.items ?? []);
    if (items.length > 0) for (const item of value) yield* undocumented(api, item, items, `${path}[]`);
    return;
  }
  if (typeof value !== "object" || value === null || !all.some((part) => part.properties)) return;
  for (const [name, inner] of Object.entries(value)) {
    const known = all.flatMap((part) => part.properties?.[name] ?? part.additionalProperties ?? []);
    if (known.length === 0) yield `${path}.${name}`;
    else yield* undocumented(api, inner, known, `${path}.${name}`);
  }
}

function* judgeHeaders(
  api: Api,
  documented: DocumentedAnswer,
  { headers }: FuzzAnswer,
  body: unknown,
): Generator<string> {
  for (const name of api.headerNames) {
    const header = documented.headers[name];
    const value = headers.get(name);
    if (value !== null && !header) yield `sends ${name}, which it does not document`;
    if (value === null && header?.required) yield `does not send ${name}, which it documents`;
    if (value === null || !header) continue;
    const read = header.schema.type === "integer" ? Number(value) : value;
    if (!api.validator(header.schema)(read)) yield `sends ${name}: ${value}, which does not fit its schema`;
  }
  if (!documented.headers.link || typeof body !== "object" || body === null) return;
  const goesOn = "next_cursor" in body && body.next_cursor !== null;
  const leadsOn = /rel="next"/.test(headers.get("link") ?? "");
  if (goesOn !== leadsOn)
    yield `has ${goesOn ? "a" : "no"} next_cursor and ${leadsOn ? "a" : "no"} Link to the next page`;
}

function* judgeProblem(
  documented: DocumentedAnswer,
  { status, headers }: FuzzAnswer,
  body: unknown,
): Generator<string> {
  const problem = body as { code?: string; status?: number; type?: string };
  if (!documented.codes.includes(problem.code ?? ""))
    yield `answers ${status} with ${problem.code}, which it does not document`;
  if (problem.status !== status) yield `says ${problem.status} in an answer of ${status}`;
  const wait = status === 429 || (status === 503 && problem.code !== "stripe_not_configured");
  if (wait && !headers.has("retry-after")) yield `answers ${problem.code} without Retry-After`;
  if (problem.type !== `/problems/${problem.code}`) yield `calls ${problem.code} ${problem.type}`;
}

/** The body of an answer as JSON; undefined when it is something else, or nothing. */
export function jsonOf({ headers, bytes }: FuzzAnswer): unknown {
  if (!/\bjson\b/.test(headers.get("content-type") ?? "") || bytes.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/**
 * Everything that is wrong with an answer, judged by the document alone.
 *
 * @param slowMs how long an answer may take.
 */
export function* judge(api: Api, request: FuzzRequest, answer: FuzzAnswer, slowMs: number): Generator<string> {
  const { status, headers, bytes, ms } = answer;
  if (ms > slowMs) yield `takes more than ${slowMs} ms`;
  if (status >= 500 && status !== 503) yield `answers ${status}: ${new TextDecoder().decode(bytes).slice(0, 300)}`;
  const documented = request.operation.answers[status];
  if (!documented) {
    yield `answers ${status}, which it does not document: ${new TextDecoder().decode(bytes).slice(0, 300)}`;
    return;
  }
  const body = jsonOf(answer);
  yield* judgeHeaders(api, documented, answer, body);
  if (status >= 400) yield* judgeProblem(documented, answer, body);
  const type = (headers.get("content-type") ?? "").split(";")[0] ?? "";
  const content = documented.content[type] ?? documented.content["*/*"];
  if (Object.keys(documented.content).length === 0) {
    if (bytes.length > 0) yield `sends a body with ${status}, and documents none`;
  } else if (!content) {
    yield `sends ${type || "no type"} with ${status}, and documents ${Object.keys(documented.content)}`;
  } else if (/\bjson\b/.test(type)) {
    const validate = api.validator(content.schema);
    if (!validate(body)) {
      const [error] = validate.errors ?? [];
      yield `sends ${status} with ${error?.instancePath || "a body"} that ${error?.message}`;
    }
    for (const member of undocumented(api, body, [content.schema], ""))
      yield `sends ${member} with ${status}, undocumented`;
  }
  if (request.operation.body && request.wellFormed && REFUSED_FOR_SHAPE.includes(status)) {
    yield `refuses a body that its schema admits: ${new TextDecoder().decode(bytes).slice(0, 600)}`;
  }
}
