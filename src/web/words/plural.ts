import type { Locale } from "../../vocabulary/locales.ts";

/** Chooses the form of a phrase that goes with a number: French has "0 billet", English "0 tickets". */
export function plural(locale: Locale): (n: number, forms: { one: string; other: string }) => string {
  const rules = new Intl.PluralRules(locale);
  return (n, forms) => (rules.select(n) === "one" ? forms.one : forms.other);
}
