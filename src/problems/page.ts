import { html } from "hono/html";
import { type Locale, PROBLEMS, type ProblemCode } from "../problem.ts";

/** Nothing but the page's own style: no script, no font, no frame, no form. */
export const PROBLEM_PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

type Page = ReturnType<typeof html>;

const WORDS = {
  en: { all: "All problems", meaning: "What it means", advice: "What to do" },
  fr: { all: "Tous les problèmes", meaning: "Ce que cela signifie", advice: "Que faire" },
};

const ADVICE: Record<Locale, { [status: number]: string; request: string; service: string }> = {
  en: {
    401: "Sign in, or send a valid API key, and send the request again.",
    403: "Ask an administrator for the right, or have somebody who has it do this.",
    404: "Check the address and the ids in it. What was deleted does not come back under its old address.",
    405: "Use one of the methods that the Allow header names.",
    409: "Read the current state first; then decide whether the request still makes sense.",
    412: "Read the newest version, apply the change to it, and send its ETag in If-Match.",
    413: "Send less at once.",
    415: "Send the content type that the API document names for this route.",
    429: "Wait as many seconds as the Retry-After header says.",
    request: "Correct the request. Sent again unchanged, it is refused again.",
    service:
      "Nothing is wrong with the request. Send it again after a while, with the same Idempotency-Key; if it stays, tell the administrator the request_id.",
  },
  fr: {
    401: "Connectez-vous, ou envoyez une clé d'API valide, puis renvoyez la requête.",
    403: "Demandez ce droit à un administrateur, ou faites-le faire par quelqu'un qui l'a.",
    404: "Vérifiez l'adresse et ses identifiants. Ce qui a été supprimé ne revient pas à son ancienne adresse.",
    405: "Utilisez une des méthodes que nomme l'en-tête Allow.",
    409: "Lisez d'abord l'état actuel, puis décidez si la requête a encore un sens.",
    412: "Lisez la version la plus récente, appliquez-y la modification et envoyez son ETag dans If-Match.",
    413: "Envoyez moins à la fois.",
    415: "Envoyez le type de contenu que le document de l'API donne pour cette route.",
    429: "Attendez le nombre de secondes indiqué par l'en-tête Retry-After.",
    request: "Corrigez la requête. Renvoyée telle quelle, elle sera refusée de nouveau.",
    service:
      "La requête n'est pas en cause. Renvoyez-la plus tard avec la même Idempotency-Key ; si cela persiste, donnez le request_id à l'administrateur.",
  },
};

const advice = (locale: Locale, status: number): string =>
  ADVICE[locale][status] ?? ADVICE[locale][status >= 500 ? "service" : "request"];

/** The detail of a code, with "…" where an answer names the value. */
const detailOf = (locale: Locale, code: ProblemCode): string => PROBLEMS[code][locale].detail.replace(/\{\w+\}/g, "…");

const frame = (locale: Locale, title: string, content: Page | Page[]): Page => html`<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>
:root { color-scheme: light dark; --ink: #1c2430; --soft: #56606e; --page: #f5f6f8; --card: #fff; --line: #dfe3e8; --link: #0b57d0 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #a3adb9; --page: #14181d; --card: #1e242b; --line: #333c46; --link: #8ab4f8 } }
body { margin: 0; padding: 8vh 24px 24px; font: 17px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--page) }
main { max-width: 42rem; margin: 0 auto; padding: 32px; background: var(--card); border: 1px solid var(--line); border-radius: 12px }
h1 { margin: 0 0 8px; font-size: 1.4rem; line-height: 1.3 }
h2 { margin: 24px 0 4px; font-size: 1rem }
p { margin: 0 0 12px }
code { font: 0.9em ui-monospace, monospace; color: var(--soft); overflow-wrap: anywhere }
a { color: var(--link) }
ul { margin: 0; padding: 0; list-style: none }
li { padding: 10px 0; border-top: 1px solid var(--line) }
</style>
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`;

/** The page that a problem document's `type` leads to: what the code means and what to do about it. */
export function problemPage(locale: Locale, code: ProblemCode): Page {
  const { status, ...texts } = PROBLEMS[code];
  const words = WORDS[locale];
  return frame(
    locale,
    texts[locale].title,
    html`<h1>${texts[locale].title}</h1>
<p><code>${status} ${code}</code></p>
<h2>${words.meaning}</h2>
<p>${detailOf(locale, code)}</p>
<h2>${words.advice}</h2>
<p>${advice(locale, status)}</p>
<p><a href="/problems">${words.all}</a></p>`,
  );
}

/** Every code, by status, each leading to its page. */
export function problemList(locale: Locale): Page {
  const codes = (Object.keys(PROBLEMS) as ProblemCode[]).sort(
    (a, b) => PROBLEMS[a].status - PROBLEMS[b].status || a.localeCompare(b),
  );
  const items = codes.map(
    (code) => html`<li><a href="/problems/${code}">${PROBLEMS[code][locale].title}</a>
<code>${PROBLEMS[code].status} ${code}</code></li>`,
  );
  return frame(locale, WORDS[locale].all, html`<h1>${WORDS[locale].all}</h1><ul>${items}</ul>`);
}
