import { expect, test } from "vitest";
import { type Operation, type RawDocument, readApi, type Schema } from "../../scripts/lib/fuzz/document.ts";
import { servedDocument } from "../../scripts/lib/openapi.ts";

// What the page at /api/docs puts into the field of a body: where there is no example it makes noise of the patterns.

const api = readApi(servedDocument() as unknown as RawDocument);
type WithExample = Schema & { example?: unknown };

/** The texts of a body that have neither an example nor one around them, as paths. */
function* withoutExample(schema: Schema, path: string): Generator<string> {
  const found: WithExample = api.resolve(schema);
  if (found.example !== undefined) return;
  for (const [name, inner] of Object.entries(found.properties ?? {})) yield* withoutExample(inner, `${path}.${name}`);
  if (found.items) yield* withoutExample(found.items, `${path}[]`);
  if (found.pattern && !found.enum && !found.format) yield path;
}

// A browser alone can make up a subscription.
const withBody = api.operations.filter(({ id, body }) => body && id !== "createPushSubscription");

test.each(withBody)(
  "the body of $id has examples for its texts, and one that the schema admits",
  ({ body }: Operation) => {
    if (body?.mediaType !== "application/json") return;
    expect([...withoutExample(body.schema, "body")]).toEqual([]);
    const { example }: WithExample = api.resolve(body.schema);
    if (example === undefined) return;
    const valid = api.validator(body.schema);
    expect(valid(example), JSON.stringify(valid.errors)).toBe(true);
  },
);
