import { z } from "@hono/zod-openapi";
import { boundedInstant } from "../time/bounds.ts";

const codePoints = (text: string): number => {
  let count = 0;
  for (const _ of text) count++;
  return count;
};

/**
 * What JSON Schema says of text that is trimmed and then must have `min` characters, without any of `forbidden`. It
 * counts the blanks at the ends too, and so is nowhere laxer than we are.
 *
 * @param forbidden as in a character class of a regular expression.
 */
function textPattern(min: number, forbidden: string): string {
  const [any, visible] = [`[^${forbidden}]`, `[^\\s${forbidden}]`];
  if (min === 0) return `^${any}*$`;
  return min === 1 ? `^\\s*${visible}${any}*$` : `^\\s*${visible}${any}{${min - 2},}${visible}\\s*$`;
}

const NUL = "\\u0000";
const CONTROLS = "\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029";

/**
 * Text a person typed: NFC-normalised, ends trimmed, length counted in Unicode code points
 * (as JSON Schema and SQLite's length() count). `min` and `max` apply after trimming. In a few scripts normalisation
 * makes a text longer or shorter: one that fits only as it was sent stays so.
 */
export function text(min: number, max: number) {
  const fits = (value: string) => codePoints(value) >= min && codePoints(value) <= max;
  return z
    .string()
    .trim()
    .overwrite((value) => (fits(value.normalize("NFC")) ? value.normalize("NFC") : value))
    .refine((value) => !value.includes("\0") && value.isWellFormed(), "must not contain NUL or unpaired surrogates")
    .refine(fits, `must have ${min} to ${max} characters`)
    .openapi({ minLength: min, maxLength: max, pattern: textPattern(min, NUL) });
}

/** Text of one line, such as a name: what goes into a mail header must hold no line break or control character. */
export const line = (min: number, max: number) =>
  text(min, max)
    .refine((value) => !/[\p{Cc}\u2028\u2029]/u.test(value), "must be one line without control characters")
    .openapi({ pattern: textPattern(min, CONTROLS) });

/** Text that is taken as it was typed, such as a password: neither trimmed nor normalised, counted in code points. */
export const exactText = (min: number, max: number) =>
  z
    .string()
    .refine((value) => codePoints(value) >= min && codePoints(value) <= max, `must have ${min} to ${max} characters`)
    .openapi({ minLength: min, maxLength: max, pattern: `^[^${NUL}]*$` });

/** Text that is taken as it was typed but for blanks at its ends, to be read by something that knows its notation. */
export const notation = (min: number, max: number) =>
  z
    .string()
    .trim()
    .refine((value) => codePoints(value) >= min && codePoints(value) <= max, `must have ${min} to ${max} characters`)
    .openapi({ minLength: min, maxLength: max, pattern: textPattern(min, NUL) });

const LABEL = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?";
const EMAIL = `^([A-Za-z0-9_'+-]+\\.)*[A-Za-z0-9_'+-]*[A-Za-z0-9_+-]@(${LABEL}\\.)+[A-Za-z]{2,}$`;
// The part before the @ has at most 64 octets (RFC 5321 section 4.5.3.1).
const LONG_LOCAL_PART = "^[^@]{65}";

/** What the OpenAPI document says of every e-mail address that a client sends. */
export const EMAIL_FORMAT = {
  type: "string",
  format: "email",
  maxLength: 254,
  pattern: EMAIL,
  not: { pattern: LONG_LOCAL_PART },
} as const;

/** Whether a text is an e-mail address that we can send to: at most 254 octets. */
export const isEmail = (value: string): boolean =>
  value.length <= 254 && new RegExp(EMAIL).test(value) && !new RegExp(LONG_LOCAL_PART).test(value);

const HOST = String.raw`([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}|\[[0-9A-Fa-f:.]+\])+`;
const REST = "([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*";

const WEB_ADDRESS = `^[Hh][Tt]{2}[Pp][Ss]?://${HOST}([/?]${REST})?(#${REST})?$`;

/** Whether an address is a URI (RFC 3986), so that it needs no reading before it is sent to or shown. */
export const isWebAddress = (value: string): boolean => new RegExp(WEB_ADDRESS).test(value);

/** The address of something on the web. Whether it is in order, and where it leads, is for its feature to judge: 422. */
export const webAddress = notation(0, 2000)
  .refine((value) => /^https?:[/][/]./is.test(value), "must be an http or https URL")
  .openapi({ format: "uri", pattern: WEB_ADDRESS });

/**
 * An e-mail address in the form that is stored and compared: lower case. Tested before lower case is made of it: the
 * Kelvin sign would become a k.
 */
export const emailAddress = z
  .string()
  .trim()
  .refine(isEmail, "must be an e-mail address")
  .transform((value) => value.toLowerCase())
  .openapi({ ...EMAIL_FORMAT, example: "jeanne@atelier.example" });

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

/** The version of a ticket or customer: it rises with each change. */
export const version = id;

/** How many there are of something, or how long it takes. */
export const count = z.int().nonnegative().max(Number.MAX_SAFE_INTEGER);

/** What an address answered: whatever three digits it sent. */
export const httpStatus = z.int().min(0).max(999);

/** An id in a path: decimal digits only. */
export const pathId = z
  .string()
  .regex(/^[1-9][0-9]{0,14}$/, "must be a positive integer")
  .transform(Number)
  .openapi({ type: "integer", minimum: 1, maximum: 999_999_999_999_999 });

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
    // RFC 3339 also has small letters and leap seconds.
    pattern: "^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$",
    // With an offset, the first and the last hours of the bounds lie beyond them. We take those that do not.
    not: { pattern: "^(2000-01-01|2099-12-31)T.*[0-9]$" },
    example: "2026-11-20T10:04:05-05:00",
    description: INSTANT_BOUNDS,
  });
