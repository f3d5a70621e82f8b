import { html } from "hono/html";
import type { Locale } from "../vocabulary/locales.ts";
import { OPT_OUT_WORDS } from "./words.ts";

/** Nothing but its own style, and a form that leads back here. */
export const OPT_OUT_PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** The page behind an opt-out link. It does not show the address: whoever was forwarded the mail may look at it. */
export function optOutPage(locale: Locale, state: "ask" | "done" | "unknown") {
  const words = OPT_OUT_WORDS[locale];
  const form = html`<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">
<button>${words.confirm}</button></form>`;
  return html`<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>${words.title}</title>
<style>
body { margin: 0; padding: 12vh 24px 24px; font: 18px/1.5 system-ui, sans-serif; color: #1c2430; background: #f5f6f8 }
main { max-width: 32rem; margin: 0 auto; padding: 32px; background: #fff; border-radius: 12px }
h1 { margin: 0 0 16px; font-size: 1.25rem }
button { padding: 14px 20px; font: inherit; font-weight: 600; color: #fff; background: #b3261e; border: 0; border-radius: 8px }
</style>
</head>
<body>
<main>
<h1>${words.title}</h1>
<p>${words[state]}</p>
${state === "ask" ? form : ""}
</main>
</body>
</html>
`;
}
