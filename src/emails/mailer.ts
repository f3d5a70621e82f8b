import type { Context } from "../context.ts";

/** One e-mail to one person, ready to leave. */
export interface Mail {
  to: { email: string; name: string | null };
  subject: string;
  html: string;
  text: string;
  headers: Record<string, string>;
}

/** What the mail service said. `reason` is its error code, or ours when it said nothing. */
export type MailResult =
  | { result: "sent"; message_id: string | null }
  | { result: "transient"; reason: string; retryAfterSeconds: number | null }
  | { result: "permanent"; reason: string };

/** The service takes no abort signal; what has not answered by then counts as unknown, and is tried again. */
const TIMEOUT_MS = 30_000;
const MINUTE = 60;

/** Error codes that say "later", and how many seconds that is at least. Every other code is final. */
const TRANSIENT_SECONDS: Record<string, number | null> = {
  E_RATE_LIMIT_EXCEEDED: MINUTE,
  E_DAILY_LIMIT_EXCEEDED: 6 * 60 * MINUTE,
  E_INTERNAL_SERVER_ERROR: null,
};

function codeOf(error: unknown): string | null {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" && /^E_[A-Z_]{1,60}$/.test(code) ? code : null;
}

/**
 * Hands an e-mail to the `EMAIL` binding. Never throws.
 *
 * The service knows no idempotency key: when its answer is lost, nobody knows whether the mail left, and the try is
 * repeated, since a lost mail is worse than a second one.
 */
export async function sendMail(ctx: Context, mail: Mail): Promise<MailResult> {
  const { email, name } = mail.to;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer")), TIMEOUT_MS);
  });
  try {
    const sending = ctx.env.EMAIL.send({
      from: ctx.env.EMAIL_FROM,
      to: name === null ? email : { email, name },
      subject: mail.subject,
      html: mail.html,
      text: mail.text,
      headers: mail.headers,
    });
    const answer: Partial<EmailSendResult> | undefined = await Promise.race([sending, timeUp]);
    // An answer without an id is an answer all the same: the mail has left.
    return { result: "sent", message_id: answer?.messageId ?? null };
  } catch (error) {
    const code = codeOf(error);
    if (code === null) return { result: "transient", reason: "no_answer", retryAfterSeconds: null };
    const seconds = TRANSIENT_SECONDS[code];
    if (seconds === undefined) return { result: "permanent", reason: code };
    return { result: "transient", reason: code, retryAfterSeconds: seconds };
  } finally {
    clearTimeout(timer);
  }
}
