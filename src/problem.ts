import { PROBLEMS, type ProblemCode } from "./problem-codes.ts";
import { LOCALES, type Locale } from "./vocabulary/locales.ts";
import type { TicketStatus } from "./vocabulary/statuses.ts";

export { PROBLEMS, type ProblemCode };

export const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEMS, code);

export interface FieldError {
  path: string;
  message: string;
}

/** Errors that one problem document names: further ones tell nobody anything new. */
export const ERRORS_MAX = 100;

/** Members that some codes have beside those of every problem document; `src/openapi/answers.ts` describes each. */
export interface ProblemMembers {
  allowed?: string[];
  current_status?: string;
  assigned_to?: number | null;
  known?: string[];
  maximum?: number;
  tickets?: string[];
  /** How the ticket stands, which somebody else has changed. */
  current?: { status: TicketStatus; assigned_to: number | null; assignee_name: string | null; version: number };
  /** Who has changed it, and when; null: not a person. */
  by?: string | null;
  at?: string | null;
}

interface AppErrorOptions {
  /** Fills the placeholders of the detail text. Never put secrets or stored data here. */
  params?: Record<string, string | number | Record<Locale, string>>;
  errors?: FieldError[];
  members?: ProblemMembers;
  headers?: Record<string, string>;
}

/** The one error that a verb throws on purpose; everything else becomes `internal_error`. */
export class AppError extends Error {
  readonly code: ProblemCode;
  readonly options: AppErrorOptions;

  constructor(code: ProblemCode, options: AppErrorOptions = {}) {
    super(code);
    this.code = code;
    this.options = options;
  }
}

/** Refuses a value that has the right form, and yet cannot be. */
export const notAccepted = (path: string, message: string): AppError =>
  new AppError("value_not_accepted", { params: { fields: path }, errors: [{ path, message }] });

/** 412 with the version that there is (RFC 9110 section 8.8.3). @param current how a ticket stands. */
export const versionConflict = (version: number, current?: ProblemMembers["current"]): AppError =>
  new AppError("version_conflict", { headers: { etag: `"${version}"` }, ...(current && { members: { current } }) });

/** 429 with `Retry-After` (RFC 9110 section 10.2.3). */
export const tooManyRequests = (seconds: number): AppError =>
  new AppError("too_many_requests", { params: { seconds }, headers: { "retry-after": String(seconds) } });

/** Picks the language of an `Accept-Language` header (RFC 9110 section 12.5.4) among ours. */
export function negotiateLocale(acceptLanguage: string | undefined, fallback: Locale): Locale {
  let best: Locale = fallback;
  let bestQuality = 0;
  for (const part of (acceptLanguage ?? "").slice(0, 500).split(",")) {
    const [range = "", ...parameters] = part.trim().toLowerCase().split(";");
    const locale = LOCALES.find((known) => range === known || range.startsWith(`${known}-`));
    const q = parameters.map((p) => p.trim()).find((p) => p.startsWith("q="));
    const quality = q === undefined ? 1 : Number(q.slice(2));
    if (locale && quality > bestQuality) {
      best = locale;
      bestQuality = quality;
    }
  }
  return best;
}

/** The detail of a code in one language, with its placeholders filled. */
export const detailOf = (code: ProblemCode, locale: Locale, params: AppErrorOptions["params"] = {}): string =>
  PROBLEMS[code][locale].detail.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name] ?? "";
    return typeof value === "object" ? value[locale] : String(value);
  });

/** Renders an error as RFC 9457 `application/problem+json`, in the given language. */
export function problemResponse(error: AppError, locale: Locale, requestId: string): Response {
  const { status, ...texts } = PROBLEMS[error.code];
  const { title } = texts[locale];
  const { params, errors, members, headers } = error.options;
  const detail = detailOf(error.code, locale, params);
  const body = {
    type: `/problems/${error.code}`,
    title,
    status,
    detail,
    code: error.code,
    request_id: requestId,
    // The technician app shows `error`.
    error: detail,
    ...(errors && { errors: errors.slice(0, ERRORS_MAX) }),
    ...members,
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/problem+json",
      "content-language": locale,
      "x-request-id": requestId,
      ...headers,
    },
  });
}
