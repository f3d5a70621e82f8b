/** Languages that people are spoken to in (contract section 1). */
export const LOCALES = ["en", "fr"] as const;
export type Locale = (typeof LOCALES)[number];

/** What something is called in each of them. */
export type Words = Record<Locale, string>;
