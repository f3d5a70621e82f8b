import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

/** As much of JSON Schema 2020-12 as the document uses. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  pattern?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema;
  items?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  if?: Schema;
  then?: Schema;
  else?: Schema;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
}

export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  explode?: boolean;
  schema: Schema;
}

interface Header {
  required?: boolean;
  schema: Schema;
}

/** One documented answer of an operation. */
export interface DocumentedAnswer {
  headers: Record<string, Header>;
  /** By media type; empty where the answer has no body. */
  content: Record<string, { schema: Schema }>;
  /** Codes of problems that its description names. */
  codes: string[];
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  isPublic: boolean;
  parameters: Parameter[];
  body: { mediaType: string; schema: Schema } | null;
  answers: Record<string, DocumentedAnswer>;
}

interface RawOperation {
  operationId: string;
  security?: unknown[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<
    string,
    { description: string; headers?: Record<string, { $ref: string }>; content?: Record<string, { schema: Schema }> }
  >;
}

/** An OpenAPI document as it was served. */
export interface RawDocument {
  paths: Record<string, Record<string, RawOperation>>;
  components: { schemas: Record<string, Schema>; headers: Record<string, Header> };
}

/** A document, ready to make requests of and to judge answers by. */
export interface Api {
  operations: Operation[];
  resolve(schema: Schema): Schema;
  validator(schema: Schema): ValidateFunction;
  /** Every header that some answer documents, in lower case. */
  headerNames: string[];
}

const last = (reference: string) => reference.split("/").at(-1) ?? "";

/** Reads a document of this service: what refers to components refers to one of its own. */
export function readApi({ paths, components }: RawDocument): Api {
  const ajv = new Ajv2020({ strict: false, allErrors: false });
  addFormats.default(ajv);
  // Compiled when first needed, and once for all who refer to the same component.
  const validators = new Map<Schema | string, ValidateFunction>();
  const validator = (schema: Schema): ValidateFunction => {
    const known = validators.get(schema.$ref ?? schema) ?? ajv.compile({ ...schema, components });
    validators.set(schema.$ref ?? schema, known);
    return known;
  };
  const resolve = (schema: Schema): Schema => {
    const found = schema.$ref ? components.schemas[last(schema.$ref)] : schema;
    if (!found) throw new Error(`${schema.$ref} leads nowhere`);
    return found;
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]): Operation => {
      const [body] = Object.entries(raw.requestBody?.content ?? {});
      return {
        id: raw.operationId,
        method: method.toUpperCase(),
        path,
        isPublic: raw.security?.length === 0,
        parameters: raw.parameters ?? [],
        body: body ? { mediaType: body[0], schema: body[1].schema } : null,
        answers: Object.fromEntries(
          Object.entries(raw.responses).map(([status, { description, headers = {}, content = {} }]) => [
            status,
            {
              headers: Object.fromEntries(
                Object.entries(headers).map(([name, { $ref }]) => {
                  const header = components.headers[last($ref)];
                  if (!header) throw new Error(`${$ref} leads nowhere`);
                  return [name.toLowerCase(), header];
                }),
              ),
              content,
              codes: [...description.matchAll(/`(\w+)`:/g)].map(([, code = ""]) => code),
            },
          ]),
        ),
      };
    }),
  );
  return {
    operations,
    resolve,
    validator,
    headerNames: Object.keys(components.headers).map((name) => name.toLowerCase()),
  };
}
