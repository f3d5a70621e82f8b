import { expect, test } from "vitest";
import { startApp } from "../helpers.ts";

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  [keyword: string]: unknown;
}
interface Content {
  content?: { [type: string]: { schema?: Schema } };
}
interface Operation {
  parameters?: { name: string; in: string; schema: Schema }[];
  requestBody?: Content;
  responses: Record<string, Content & { headers?: Record<string, { $ref: string }> }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, Schema & { schema?: Schema }>>;
}

const document = (await (await startApp().request("/api/openapi.json")).json()) as Document;
const OPERATIONS = Object.values(document.paths).flatMap((methods) => Object.values(methods));

/** What a reference leads to, with its name. */
function resolved(schema: Schema, place: string): [Schema, string] {
  if (schema.$ref === undefined) return [schema, place];
  const [, , kind = "", name = ""] = schema.$ref.split("/");
  const found = document.components[kind]?.[name];
  if (!found) throw new Error(`${schema.$ref} leads nowhere`);
  return [found, name];
}

const isOf = (schema: Schema, type: string) => schema.type === type || (schema.type as string[])?.includes?.(type);
const isFixed = (schema: Schema) => schema.enum !== undefined || schema.const !== undefined;
/** Formats whose values have a length of their own. */
const FORMATS = ["date-time", "date", "uuid"];

/** What is unbounded in a schema: arrays of answers, texts of requests, integers of both. */
function unbounded(schema: Schema, side: "request" | "answer"): string[] {
  const found = new Set<string>();
  const seen = new Set<Schema>();
  const walk = (start: Schema, from: string, within: Schema = {}) => {
    const [at, place] = resolved(start, from);
    if (seen.has(at)) return;
    seen.add(at);
    if (isOf(at, "array") && at.maxItems === undefined) found.add(`${place}: maxItems`);
    if (isOf(at, "integer") && !isFixed(at)) {
      if (at.minimum === undefined && at.exclusiveMinimum === undefined) found.add(`${place}: minimum`);
      if (at.maximum === undefined && at.exclusiveMaximum === undefined) found.add(`${place}: maximum`);
    }
    if (side === "request" && isOf(at, "string") && !isFixed(at)) {
      const bounded =
        at.maxLength !== undefined ||
        FORMATS.includes(String(at.format)) ||
        at.contentMediaType !== undefined ||
        // A pattern without a repetition that has no end.
        (typeof at.pattern === "string" && /^\^[^*+]*\$$/.test(at.pattern) && !/,\}/.test(at.pattern));
      if (!bounded) found.add(`${place}: maxLength`);
    }
    for (const [name, inner] of Object.entries((at.properties ?? {}) as Record<string, Schema>))
      walk(inner, `${place}.${name}`, at);
    for (const keyword of ["items", "additionalProperties"]) {
      const inner = at[keyword];
      if (typeof inner === "object" && inner !== null) walk(inner as Schema, `${place}[]`, within);
    }
    // Alternatives add to what stands beside them, which has the bounds then.
    for (const keyword of ["anyOf", "oneOf", "allOf"]) {
      if (at.properties || at.maxLength !== undefined) continue;
      for (const inner of (at[keyword] ?? []) as Schema[]) walk(inner, place, at);
    }
  };
  walk(schema, "?");
  return [...found];
}

const schemasOf = (contents: (Content | undefined)[]) =>
  contents.flatMap((content): Schema[] =>
    Object.values(content?.content ?? {}).flatMap(({ schema }) => (schema ? [schema] : [])),
  );

test("every array and integer of an answer is bounded", () => {
  const answers = schemasOf(OPERATIONS.flatMap(({ responses }) => Object.values(responses)));
  expect(answers.length).toBeGreaterThan(100);
  expect([...new Set(answers.flatMap((schema) => unbounded(schema, "answer")))].sort()).toEqual([]);
});

test("every text, array and integer of a body is bounded", () => {
  const bodies = schemasOf(OPERATIONS.map(({ requestBody }) => requestBody));
  expect(bodies.length).toBeGreaterThan(20);
  expect([...new Set(bodies.flatMap((schema) => unbounded(schema, "request")))].sort()).toEqual([]);
});

test("every parameter is bounded", () => {
  const parameters = OPERATIONS.flatMap(({ parameters = [] }) => parameters);
  expect(parameters.length).toBeGreaterThan(100);
  const found = parameters.flatMap(({ name, in: where, schema }) =>
    unbounded(schema, "request").map((text) => text.replace("?", `${name} (${where})`)),
  );
  expect([...new Set(found)].sort()).toEqual([]);
});
