import { type RouteConfig, z } from "@hono/zod-openapi";
import { id, instant, version } from "../http/schemas.ts";
import { ERRORS_MAX, type FieldError, PROBLEMS, type ProblemCode, type ProblemMembers } from "../problem.ts";
import { TICKET_STATUSES } from "../vocabulary/statuses.ts";

/** Headers of answers, described once and referred to by every answer that has them. */
export const ANSWER_HEADERS = {
  "X-Request-Id": { description: "Names this request in the log; quote it when you report something.", type: "string" },
  ETag: { description: "The version of what was answered.", type: "string", example: '"3"' },
  Location: { description: "Where the new thing is.", type: "string", example: "/api/tickets/CNC-1126-0001" },
  Link: {
    description: 'Other pages (RFC 8288): `rel="next"`, and `rel="prev"` where there is one; absent without either.',
    type: "string",
    example: '</api/tickets?cursor=WzFd>; rel="next"',
  },
  "Idempotency-Replayed": {
    description: "`true`: this is the first answer to this `Idempotency-Key` once more; nothing was done again.",
    type: "string",
    pattern: "^true$",
  },
  "Retry-After": { description: "Seconds to wait before the next try.", type: "integer", minimum: 1 },
  "Accept-Ranges": { description: "A part may be asked for with `Range`.", type: "string", example: "bytes" },
  "Content-Range": { description: "Which part this is.", type: "string", example: "bytes 0-99/1234" },
  "Content-Disposition": { description: "The name of the file.", type: "string" },
  "Set-Auth-Token": { description: "The token of the new session.", type: "string" },
  "WWW-Authenticate": { description: "How to sign in.", type: "string", example: "Bearer" },
} as const;
export type AnswerHeader = keyof typeof ANSWER_HEADERS;

/** Headers that do not come with every answer that may have them. */
export const SOMETIMES: readonly AnswerHeader[] = ["Link", "Idempotency-Replayed", "Retry-After"];

export type Answer = RouteConfig["responses"][string] & { headers?: Record<string, { $ref: string }> };

/** Refers to the descriptions of these headers. */
export const answerHeaders = (...names: AnswerHeader[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

/** Any bytes. */
export const BINARY = { type: "string", contentMediaType: "application/octet-stream" } as const;

/** Documents an answer in JSON. */
export const json = <S extends z.ZodType>(schema: S, description: string, ...headers: AnswerHeader[]) => ({
  description,
  headers: answerHeaders(...headers),
  content: { "application/json": { schema } },
});

/** Documents an answer that is a file, or text other than JSON. */
export const file = <Type extends string>(type: Type, description: string, ...headers: AnswerHeader[]) => ({
  description,
  headers: answerHeaders(...headers),
  content: {
    [type]: { schema: BINARY },
  } as Record<Type, { schema: typeof BINARY }>,
});

/** What the documents of some codes have beside the rest (RFC 9457 section 3.2). */
const EXTENSIONS = {
  allowed: z
    .array(z.string())
    .max(20)
    .optional()
    .openapi({ description: "With `illegal_status_transition`: what is possible." }),
  current_status: z
    .string()
    .optional()
    .openapi({ description: "With `illegal_status_transition`: what the ticket is, since somebody else was first." }),
  assigned_to: id
    .nullable()
    .optional()
    .openapi({ description: "With `illegal_status_transition`: who has the ticket." }),
  known: z
    .array(z.string())
    .max(50)
    .optional()
    .openapi({ description: "With `unknown_parameter`: what the route takes." }),
  maximum: id.optional().openapi({ description: "With `too_many`: how many there may be." }),
  tickets: z.array(z.string()).max(20).optional().openapi({
    description: "With `machine_is_down`: numbers of the open tickets that hold it, the oldest 20 at most.",
  }),
  current: z
    .object({
      status: z.enum(TICKET_STATUSES),
      assigned_to: id.nullable(),
      assignee_name: z.string().nullable(),
      version,
    })
    .optional()
    .openapi({ description: "With `overtaken`, and `version_conflict` of a ticket: how it stands." }),
  by: z.string().nullable().optional().openapi({ description: "With `overtaken`: who was first." }),
  at: instant
    .nullable()
    .optional()
    .openapi({ type: ["string", "null"], description: "With `overtaken`: when they did it." }),
} satisfies { [Member in keyof ProblemMembers]-?: z.ZodType<ProblemMembers[Member]> };

/** The body of every error (RFC 9457). */
export const ProblemSchema = z
  .object({
    type: z.string().openapi({ format: "uri-reference", example: "/problems/validation_failed" }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    request_id: z.string(),
    error: z.string().openapi({ description: "The same as `detail`." }),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }) satisfies z.ZodType<FieldError>)
      .max(ERRORS_MAX)
      .optional()
      .openapi({ description: "Which fields or parameters are wrong, and why." }),
    ...EXTENSIONS,
  })
  .openapi("Problem");

/** What tells more of a problem than its body does. */
const PROBLEM_HEADERS: Partial<Record<ProblemCode, AnswerHeader>> = {
  unauthorized: "WWW-Authenticate",
  version_conflict: "ETag",
  too_many_requests: "Retry-After",
  request_in_progress: "Retry-After",
  database_unavailable: "Retry-After",
  storage_unavailable: "Retry-After",
  range_not_satisfiable: "Content-Range",
};

/** Documents problems, one answer for each status. */
export function problemAnswers(codes: readonly ProblemCode[]): RouteConfig["responses"] {
  const byStatus = Map.groupBy(new Set(codes), (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, together]) => [
      status,
      {
        description: together.map((code) => `\`${code}\`: ${PROBLEMS[code].en.title}`).join("; "),
        headers: answerHeaders("X-Request-Id", ...together.flatMap((code) => PROBLEM_HEADERS[code] ?? [])),
        content: { "application/problem+json": { schema: ProblemSchema } },
      },
    ]),
  );
}
