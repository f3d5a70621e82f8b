import { z } from "@hono/zod-openapi";
import { boundedInstant } from "../time/bounds.ts";

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

/** What the OpenAPI document says of every instant that a client sends. */
export const INSTANT_BOUNDS = "From 2000-01-01T00:00:00.000Z to 2099-12-31T23:59:59.999Z.";

/** An instant that a client sends, with any offset; becomes UTC with milliseconds (contract section 1). */
export const inputInstant = z.iso
  .datetime({ offset: true, message: "must be an RFC 3339 date and time" })
  .transform((value, ctx) => {
    const instant = boundedInstant(Date.parse(value));
    if (instant === null) ctx.addIssue("must be a date that exists, from 2000-01-01 to 2099-12-31 in UTC");
    return instant ?? z.NEVER;
  })
  .openapi({
    type: "string",
    format: "date-time",
    // With its offset, the first hours of 2000 may be written in 1999, and the last of 2099 in 2100.
    pattern: "^(1999|20[0-9]{2}|2100)-",
    example: "2026-11-20T10:04:05-05:00",
    description: INSTANT_BOUNDS,
  });
