import { PROBLEMS, type ProblemCode } from "../problem.ts";

interface Parameter {
  name?: string;
}

interface Operation {
  security?: unknown[];
  parameters?: Parameter[];
  requestBody?: unknown;
  responses: Record<string, { description?: string; content?: Record<string, unknown> }>;
}

const METHODS = ["get", "post", "put", "patch", "delete"] as const;

/** The problems that follow from what an operation takes, whatever it does. */
function impliedCodes(method: (typeof METHODS)[number], operation: Operation): ProblemCode[] {
  const takes = (name: string) => operation.parameters?.some((parameter) => parameter.name === name) ?? false;
  const codes: ProblemCode[] = [];
  if (operation.security?.length !== 0) {
    codes.push("unauthorized", "too_many_requests", "database_unavailable");
    if (method !== "get") codes.push("cross_origin_request");
  }
  if (operation.requestBody) {
    codes.push("invalid_json", "invalid_text", "validation_failed", "payload_too_large", "unsupported_media_type");
  }
  if (takes("id") || takes("limit")) codes.push("validation_failed");
  if (takes("cursor")) codes.push("invalid_cursor");
  if (takes("idempotency-key")) codes.push("invalid_idempotency_key", "idempotency_key_reused");
  return codes;
}

/**
 * Adds to each operation of an OpenAPI document the problems that its kind implies, so that routes name only what is
 * their own.
 */
export function addImpliedProblems<Document extends { paths?: object }>(document: Document): Document {
  for (const item of Object.values(document.paths ?? {}) as Record<string, Operation>[]) {
    for (const method of METHODS) {
      const operation = item[method];
      if (!operation) continue;
      for (const code of impliedCodes(method, operation)) describe(operation, code);
    }
  }
  return document;
}

function describe(operation: Operation, code: ProblemCode): void {
  const { status, en } = PROBLEMS[code];
  const known = operation.responses[status];
  if (known?.description?.includes(`\`${code}\``)) return;
  const line = `\`${code}\`: ${en.title}`;
  operation.responses[status] = {
    description: known?.description ? `${known.description}; ${line}` : line,
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  };
}
