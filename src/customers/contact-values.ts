import { type CountryCode, getCountries, parsePhoneNumberFromString } from "libphonenumber-js/min";
import { z } from "zod";
import { AppError } from "../problem.ts";

export const CONTACT_KINDS = ["phone", "sms", "whatsapp", "email"] as const;
export type ContactKind = (typeof CONTACT_KINDS)[number];

export const isRegion = (region: string): region is CountryCode => (getCountries() as string[]).includes(region);

const address = z.email().max(254);

/**
 * A number as E.164 (`+15145550123`), whatever its spelling.
 *
 * @param region ISO 3166 code that a number without country code belongs to.
 * @returns null when it is no number that could exist.
 */
export function toE164(text: string, region: string): string | null {
  if (!isRegion(region)) return null;
  const number = parsePhoneNumberFromString(text, { defaultCountry: region, extract: false });
  return number?.isPossible() ? number.number : null;
}

/** An e-mail address in the form that is stored and compared, or null. */
export function toAddress(text: string): string | null {
  const parsed = address.safeParse(text.trim().toLowerCase());
  return parsed.success ? parsed.data : null;
}

/**
 * A contact value in its stored form.
 *
 * @param field the member named in the error.
 * @throws AppError `validation_failed`.
 */
export function contactValue(kind: ContactKind, text: string, region: string, field: string): string {
  const value = kind === "email" ? toAddress(text) : toE164(text, region);
  if (value === null) {
    const message = kind === "email" ? "must be an e-mail address" : "must be a phone number";
    throw new AppError("validation_failed", { params: { fields: field }, errors: [{ path: field, message }] });
  }
  return value;
}
