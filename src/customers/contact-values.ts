import { type CountryCode, parsePhoneNumberFromString } from "libphonenumber-js/min";
import { emailAddress } from "../http/schemas.ts";
import { notAccepted } from "../problem.ts";
import type { ContactKind } from "../vocabulary/contacts.ts";

// Neither area code nor exchange begins with 0 or 1 in the North American plan; the library also takes local numbers
// of seven digits, which nobody abroad can call. Which area codes are in use is not asked, since new ones appear.
const NORTH_AMERICAN = /^[2-9]\d\d[2-9]\d{6}$/;

/**
 * A number as E.164 (`+15145550123`), whatever its spelling.
 *
 * @param region ISO 3166 code that a number without country code belongs to.
 * @returns null when it is no number that could exist, or carries an extension, which E.164 cannot hold.
 */
export function toE164(text: string, region: CountryCode): string | null {
  // Numbers that are copied from an address book come wrapped in invisible direction marks.
  const visible = text.normalize("NFKC").replace(/\p{Cf}/gu, "");
  // 00 is what most of the world dials for +, and begins no national number of a region that dials otherwise.
  return parse(visible, region) ?? parse(visible.replace(/^\s*00/, "+"), region);
}

function parse(text: string, region: CountryCode): string | null {
  const number = parsePhoneNumberFromString(text, { defaultCountry: region, extract: false });
  if (!number?.isPossible() || number.ext !== undefined) return null;
  if (number.countryCallingCode === "1" && !NORTH_AMERICAN.test(number.nationalNumber)) return null;
  return number.number;
}

/** An e-mail address in the form that is stored and compared, or null. */
export function toAddress(text: string): string | null {
  return emailAddress.safeParse(text).data ?? null;
}

/**
 * A contact value in its stored form.
 *
 * @param field the member named in the error.
 * @throws AppError `value_not_accepted`.
 */
export function contactValue(kind: ContactKind, text: string, region: CountryCode, field: string): string {
  const value = kind === "email" ? toAddress(text) : toE164(text, region);
  if (value === null) {
    const message = kind === "email" ? "must be an e-mail address" : "must be a phone number, without an extension";
    throw notAccepted(field, message);
  }
  return value;
}
