import { AppError } from "../problem.ts";
import { COMMON_PASSWORDS } from "./common-passwords.ts";

/** Characters of a password, as Unicode code points (contract section 2). The hash itself takes any number. */
export const PASSWORD_LENGTH = { min: 10, max: 128 };

/** Whom a password is for. */
interface Owner {
  email: string;
  name: string;
}

/** What can be wrong with a new password, as problem codes. */
export const PASSWORD_FLAWS = ["password_length", "password_too_common", "password_personal"] as const;
type PasswordFlaw = (typeof PASSWORD_FLAWS)[number];

/** Shorter than this, what is left of a text says nothing about the whole. */
const SHORTEST_CORE = 4;

/** What somebody who guesses takes for the same: case, blanks and spelling do not count. */
const folded = (text: string): string => text.normalize("NFKC").toLowerCase().replaceAll(/\s+/gu, "");

/** A text as folded, and without the digits and signs that people put before and after a word. */
function forms(text: string): string[] {
  const whole = folded(text);
  const core = whole.replaceAll(/^[^\p{L}]+|[^\p{L}]+$/gu, "");
  return core.length < SHORTEST_CORE ? [whole] : [whole, core];
}

/**
 * The one rule for new passwords: 10 to 128 characters after normalisation (NFKC, as they are hashed), none of the common
 * ones, and neither the owner's e-mail address, nor what is before its @, nor their name. `Dragon2026!` is `dragon`.
 *
 * @returns what is wrong, as a problem code, or null.
 */
export function passwordFlaw(password: string, owner: Owner): PasswordFlaw | null {
  const { length } = [...password.normalize("NFKC")];
  if (length < PASSWORD_LENGTH.min || [...password].length > PASSWORD_LENGTH.max) return "password_length";
  const guesses = forms(password);
  const [local = ""] = owner.email.split("@");
  const own = new Set([owner.email, local, owner.name].flatMap(forms));
  if (guesses.some((guess) => own.has(guess))) return "password_personal";
  return guesses.some((guess) => guess === "" || COMMON_PASSWORDS.has(guess)) ? "password_too_common" : null;
}

/**
 * Lets a new password pass only when nothing is wrong with it.
 *
 * @throws AppError `password_length`, `password_too_common`, `password_personal`.
 */
export function refuseWeakPassword(password: string, owner: Owner): void {
  const flaw = passwordFlaw(password, owner);
  if (flaw) throw new AppError(flaw, { params: PASSWORD_LENGTH });
}
