import { z } from "@hono/zod-openapi";
import { type FieldError, PROBLEMS, type ProblemCode } from "../problem.ts";

const codePoints = (text: string): number => {
  let count = 0;
  for (const _ of text) count++;
  return count;
};

/**
 * Text a person typed: NFC-normalised, ends trimmed, length counted in Unicode code points
 * (as JSON Schema and SQLite's length() count). `min` and `max` apply after trimming.
 */
export const text = (min: number, max: number) =>
  z
    .string()
    .trim()
    .normalize("NFC")
    .refine((value) => !value.includes("\0") && value.isWellFormed(), "must not contain NUL or unpaired surrogates")
    .refine((value) => codePoints(value) >= min && codePoints(value) <= max, {
      message: `must have ${min} to ${max} characters`,
    })
    .openapi({ minLength: min, maxLength: max });

/** Text of one line, such as a name: what goes into a mail header must hold no line break or control character. */
export const line = (min: number, max: number) =>
  text(min, max).refine((value) => !/[\p{Cc}\u2028\u2029]/u.test(value), "must be one line without control characters");

/**
 * An e-mail address in the form that is stored and compared: lower case, 254 octets, of which 64 before the @ (RFC 5321
 * section 4.5.3.1). Tested before lower case is made of it: the Kelvin sign would become a k.
 */
export const emailAddress = z
  .string()
  .trim()
  .pipe(
    z
      .email()
      .max(254)
      .regex(/^[^@]{1,64}@/),
  )
  .transform((value) => value.toLowerCase())
  .openapi({ type: "string", format: "email", maxLength: 254, example: "jeanne@atelier.example" });

/** Text that may be taken away: null and blank both mean "none". For a PATCH, where absent means "as it is". */
export const nullableText = (max: number, kind: typeof text = text) =>
  kind(0, max)
    .transform((value) => (value === "" ? null : value))
    .nullable()
    .openapi({ type: ["string", "null"], maxLength: max });

/** Optional text: absent, null and blank all mean "none". */
export const optionalText = (max: number, kind: typeof text = text) =>
  nullableText(max, kind)
    .optional()
    .transform((value) => value ?? null)
    .openapi({ type: ["string", "null"], maxLength: max });

/** An id that the shop numbers: a positive integer. */
export const id = z.int().positive().max(Number.MAX_SAFE_INTEGER);

/** An id in a path: decimal digits only. */
export const pathId = z
  .string()
  .regex(/^[1-9][0-9]{0,14}$/, "must be a positive integer")
  .transform(Number)
  .openapi({ type: "integer", minimum: 1 });

/** The `:id` of a path. */
export const IdParam = z.object({ id: pathId.openapi({ param: { name: "id", in: "path" } }) });

/** A stored instant: RFC 3339 in UTC with milliseconds. */
export const instant = z.string().openapi({ format: "date-time", example: "2026-11-20T15:04:05.123Z" });

/** An instant that a client sends, with any offset; becomes UTC with milliseconds. */
export const inputInstant = z.iso
  .datetime({ offset: true, message: "must be an RFC 3339 date and time" })
  .refine((value) => !Number.isNaN(Date.parse(value)), "must be a date that exists")
  .transform((value) => new Date(value).toISOString())
  .openapi({ type: "string", format: "date-time", example: "2026-11-20T10:04:05-05:00" });

export const ProblemSchema = z
  .object({
    type: z.string().openapi({ example: "/problems/validation_failed" }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    request_id: z.string(),
    error: z.string().openapi({ description: "The same as `detail`." }),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }) satisfies z.ZodType<FieldError>)
      .optional()
      .openapi({ description: "Which fields failed validation, and why." }),
  })
  .openapi("Problem");

const problemContent = { "application/problem+json": { schema: ProblemSchema } };

/** Documents a JSON answer. */
export const json = <S extends z.ZodType>(schema: S, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

/** Documents the problems that a route may answer with, one entry per status. */
export function problems(...codes: ProblemCode[]) {
  const byStatus: Record<number, { description: string; content: typeof problemContent }> = {};
  for (const code of codes) {
    const { status, en } = PROBLEMS[code];
    const known = byStatus[status];
    const line = `\`${code}\`: ${en.title}`;
    byStatus[status] = { description: known ? `${known.description}; ${line}` : line, content: problemContent };
  }
  // Typed as empty, so that the typed client sees the successful answers only.
  return byStatus as Record<never, never>;
}

/** Documents 304. Typed as empty: a client that sends no `If-None-Match` never meets it. */
export const notModified = { 304: { description: "As it was when it got its `ETag`" } } as Record<never, never>;

/** A JSON request body that must be there. */
export const jsonRequest = <S extends z.ZodType>(schema: S) => ({
  required: true as const,
  content: { "application/json": { schema } },
});

/** Documents the header that makes a change conditional. */
export const IfMatchHeader = z.object({
  "if-match": z
    .string()
    .max(200)
    .optional()
    .openapi({ description: "The `ETag` of what you have seen.", example: '"3"' }),
});

/** Documents the header that `http/idempotency.ts` reads. */
export const IdempotencyHeader = z.object({
  "idempotency-key": z.string().optional().openapi({
    description: "1 to 255 visible ASCII characters, unique per thing to create; kept 7 days.",
    example: "3f1c8f2e-6a53-4f0b-9a63-0b7f4c9f1a55",
  }),
});
