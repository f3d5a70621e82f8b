import { effect } from "@preact/signals";
import { LOCALES, type Locale } from "../../vocabulary/locales.ts";
import { language, languageOfPhone } from "../words/words.ts";
import { kept, oneOf } from "./kept.ts";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
export const SIZES = ["normal", "glove"] as const;
export type Size = (typeof SIZES)[number];

/** The colours of this phone; `auto` follows the phone's own choice. */
export const theme = kept<Theme>("shopfloor.theme", oneOf(THEMES), "auto");

/** How large whatever is pressed is. A tablet at the machine begins with the size for gloves. */
export const size = kept<Size>(
  "shopfloor.size",
  oneOf(SIZES),
  matchMedia("(pointer: coarse) and (min-width: 600px)").matches ? "glove" : "normal",
);

const chosenLanguage = kept<Locale | null>("shopfloor.language", oneOf(LOCALES), null);

/** Chooses the language of the app on this phone. */
export const setLanguage = (locale: Locale): void => {
  chosenLanguage.value = locale;
};

const FRAME: Record<string, string> = { light: "#ffffff", dark: "#1b2127" };

/** The browser's own frame goes with the header. */
function colourFrame(): void {
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const own = meta.media.includes("dark") ? "dark" : "light";
    meta.content = FRAME[theme.value] ?? FRAME[own] ?? "";
  }
}

/** Has the page follow the settings, from now on. */
export function applySettings(): void {
  const page = document.documentElement;
  effect(() => {
    language.value = chosenLanguage.value ?? languageOfPhone(navigator.languages);
    page.lang = language.value;
  });
  effect(() => {
    if (theme.value === "auto") delete page.dataset.theme;
    else page.dataset.theme = theme.value;
    colourFrame();
  });
  effect(() => {
    page.dataset.size = size.value;
  });
}
