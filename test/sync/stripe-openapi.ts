// What Stripe's published OpenAPI description says about the requests of the customers' paths: parameters, their types
// and limits. Taken from https://github.com/stripe/openapi (MIT), latest/openapi.spec3.json, version 2026-09-30.endive;
// parameters of payments and tax that nothing here could mean are left out, so sending one counts as a fault.

export interface Schema {
  type: "string" | "integer" | "array" | "map" | "range";
  maxLength?: number;
}

export interface Operation {
  method: "GET" | "POST" | "DELETE";
  /** The path; `{customer}` stands for an id. */
  path: string;
  required?: string[];
  parameters: Record<string, Schema>;
}

const text = (maxLength: number): Schema => ({ type: "string", maxLength });

const CUSTOMER: Record<string, Schema> = {
  business_name: text(150),
  description: text(5000),
  email: text(512),
  individual_name: text(150),
  metadata: { type: "map" },
  name: text(256),
  phone: text(20),
  preferred_locales: { type: "array", maxLength: 5000 },
};

const PAGE: Record<string, Schema> = { limit: { type: "integer" } };

export const OPERATIONS = {
  list: {
    method: "GET",
    path: "/v1/customers",
    parameters: {
      ...PAGE,
      created: { type: "range" },
      email: text(512),
      ending_before: text(5000),
      starting_after: text(5000),
    },
  },
  create: { method: "POST", path: "/v1/customers", parameters: CUSTOMER },
  search: {
    method: "GET",
    path: "/v1/customers/search",
    required: ["query"],
    parameters: { ...PAGE, page: text(5000), query: text(5000) },
  },
  retrieve: { method: "GET", path: "/v1/customers/{customer}", parameters: {} },
  update: { method: "POST", path: "/v1/customers/{customer}", parameters: CUSTOMER },
  delete: { method: "DELETE", path: "/v1/customers/{customer}", parameters: {} },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof OPERATIONS;

/** A value of a form: `a=1`, `a[0]=x`, `a[b]=c`. */
export type FormValue = string | string[] | Record<string, string>;

/** Reads `application/x-www-form-urlencoded` with `deepObject` brackets, as the description encodes it. */
export function readForm(encoded: string): Record<string, FormValue> {
  const form: Record<string, FormValue> = {};
  for (const [name, value] of new URLSearchParams(encoded)) {
    const [, base = "", inner] = /^([^[]+)(?:\[([^\]]*)\])?$/.exec(name) ?? [];
    if (inner === undefined) form[base] = value;
    else if (/^\d*$/.test(inner)) form[base] = [...((form[base] as string[] | undefined) ?? []), value];
    else form[base] = { ...(form[base] as Record<string, string> | undefined), [inner]: value };
  }
  return form;
}

function fits(value: FormValue, schema: Schema): boolean {
  const short = (item: string) => [...item].length <= (schema.maxLength ?? 5000);
  if (schema.type === "string") return typeof value === "string" && short(value);
  if (schema.type === "integer") return typeof value === "string" && /^\d+$/.test(value);
  if (schema.type === "array") return Array.isArray(value) && value.every(short);
  if (typeof value !== "object" || Array.isArray(value)) return false;
  if (schema.type === "range") {
    return Object.entries(value).every(([bound, at]) => /^(gt|gte|lt|lte)$/.test(bound) && /^\d+$/.test(at));
  }
  return Object.entries(value).every(([key, item]) => key.length <= 40 && item.length <= 500);
}

/** The first parameter that does not conform, and how; null when all do. */
export function faultOf(name: OperationName, form: Record<string, FormValue>): { code: string; param: string } | null {
  const operation: Operation = OPERATIONS[name];
  const missing = (operation.required ?? []).find((parameter) => form[parameter] === undefined);
  if (missing) return { code: "parameter_missing", param: missing };
  for (const [param, value] of Object.entries(form)) {
    const schema = operation.parameters[param];
    if (!schema) return { code: "parameter_unknown", param };
    if (!fits(value, schema)) return { code: "parameter_invalid", param };
  }
  return null;
}
