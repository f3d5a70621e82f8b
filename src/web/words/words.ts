import { computed, signal } from "@preact/signals";
import { LOCALES, type Locale } from "../../vocabulary/locales.ts";
import { en, type Words } from "./en.ts";
import { fr } from "./fr.ts";

const DICTIONARIES: Record<Locale, Words> = { en, fr };

/** The first of the phone's languages that we speak. */
export function languageOfPhone(wanted: readonly string[]): Locale {
  for (const tag of wanted) {
    const known = LOCALES.find((locale) => tag.toLowerCase().split("-")[0] === locale);
    if (known) return known;
  }
  return "en";
}

/** The language of the app. */
export const language = signal<Locale>("en");

/** What the app says, in its language. A component that reads it is drawn again when that changes. */
export const words = computed<Words>(() => DICTIONARIES[language.value]);
