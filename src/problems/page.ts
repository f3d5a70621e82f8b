import { html } from "hono/html";
import { PROBLEMS, type ProblemCode } from "../problem.ts";
import type { Locale } from "../vocabulary/locales.ts";
import { adviceFor } from "./advice.ts";

/** Nothing but the page's own style: no script, no font, no frame, no form. */
export const PROBLEM_PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

type Page = ReturnType<typeof html>;

const WORDS = {
  en: { all: "All problems", meaning: "What it means", advice: "What to do" },
  fr: { all: "Tous les problèmes", meaning: "Ce que cela signifie", advice: "Que faire" },
};

/** What stands in a page where a detail of an answer names the value. */
const PLACEHOLDERS: Record<Locale, Record<string, string>> = {
  en: {
    allow: "methods",
    expected: "content type",
    field: "field",
    fields: "fields",
    from: "status",
    known: "names",
    limit: "n",
    line: "m",
    max: "maximum",
    maximum: "n",
    min: "minimum",
    permission: "permission",
    reason: "reason",
    seconds: "n",
    setting: "setting",
    to: "other status",
  },
  fr: {
    allow: "méthodes",
    expected: "type de contenu",
    field: "champ",
    fields: "champs",
    from: "état",
    known: "noms",
    limit: "n",
    line: "m",
    max: "maximum",
    maximum: "n",
    min: "minimum",
    permission: "droit",
    reason: "raison",
    seconds: "n",
    setting: "réglage",
    to: "autre état",
  },
};

/** Text as it is set in French: no line begins with a mark that has a blank before it. */
const unbroken = (text: string): string => text.replace(/ (?=[»:;!?])|(?<=«) /g, "\u00a0");

/** The detail of a code; where an answer names the value, there is a word for it. */
const detailOf = (locale: Locale, code: ProblemCode): Page[] =>
  PROBLEMS[code][locale].detail
    .split(/\{(\w+)\}/)
    .map((part, i) => (i % 2 === 0 ? html`${unbroken(part)}` : html`<var>${PLACEHOLDERS[locale][part]}</var>`));

/** Words with what stands in backticks as code. */
const marked = (text: string): Page[] =>
  text.split("`").map((part, i) => (i % 2 === 0 ? html`${unbroken(part)}` : html`<code>${part}</code>`));

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
p.more { margin: 28px 0 0 }
code { font: 0.9em ui-monospace, monospace; color: var(--soft); overflow-wrap: anywhere }
var { color: var(--soft) }
a { color: var(--link) }
ul { margin: 0; padding: 0; list-style: none }
li { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 2px 16px; align-items: baseline; padding: 10px 0; border-top: 1px solid var(--line) }
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
<p>${marked(adviceFor(locale, code))}</p>
<p class="more"><a href="/problems">${words.all}</a></p>`,
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
