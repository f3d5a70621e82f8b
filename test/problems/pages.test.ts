import { describe, expect, test } from "vitest";
import { PROBLEMS, type ProblemCode } from "../../src/problem.ts";
import { startApp } from "../helpers.ts";
import { expectProblem } from "../problems.ts";

const app = startApp();
const page = (path: string, language = "en") => app.request(path, { headers: { "accept-language": language } });
const CODES = Object.keys(PROBLEMS) as ProblemCode[];
const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("'", "&#39;").replaceAll("<", "&lt;");

describe("/problems/:code", () => {
  test.each(["en", "fr"] as const)(
    "explains each code in %s, without script and without placeholders",
    async (language) => {
      for (const code of CODES) {
        const response = await page(`/problems/${code}`, language);
        const text = await response.text();
        expect(response.status, code).toBe(200);
        expect(response.headers.get("content-type")).toBe("text/html; charset=UTF-8");
        expect(response.headers.get("content-language")).toBe(language);
        expect(text).toContain(`<html lang="${language}">`);
        expect(text).toContain(`<h1>${escaped(PROBLEMS[code][language].title)}</h1>`);
        expect(text).toContain(`${PROBLEMS[code].status} ${code}`);
        expect(text).not.toMatch(/<script|\{\w+\}|undefined|\[object|…|`|<var><\/var>/);
      }
    },
  );

  test("says what it means and what to do", async () => {
    const text = await (await page("/problems/too_many_requests")).text();
    expect(text).toContain("What it means");
    expect(text).toContain("<code>Retry-After</code> header says");
    expect(await (await page("/problems/internal_error", "fr-CA")).text()).toContain(
      "La requête n&#39;est pas en cause",
    );
  });

  test("leaves no French mark alone at the beginning of a line", async () => {
    expect(await (await page("/problems/illegal_status_transition", "fr")).text()).toContain(
      "«\u00a0<var>état</var>\u00a0» ne peut pas passer",
    );
  });

  test.each([
    ["validation_failed", "One or more fields are invalid: <var>fields</var>.", "<code>errors</code> names each field"],
    ["person_required", "in people&#39;s hands", "Sign in as a person"],
    ["wrong_password", "current password is wrong", "Type the password again"],
    ["subscription_expired", "has ended this subscription", "subscribe anew, and send"],
    ["customer_erased", "was erased", "Nothing of an erased person comes back"],
    ["stripe_not_configured", "lacks <var>setting</var>", "the setting has to be made"],
    ["last_admin", "must stay one", "somebody else an administrator first"],
  ])("gives advice on %s that helps with it", async (code, meaning, advice) => {
    const text = await (await page(`/problems/${code}`)).text();
    expect(text).toContain(meaning);
    expect(text.slice(text.indexOf("What to do"))).toContain(advice);
    expect(text).not.toMatch(/Ask an administrator for the right|Send it again after a while/);
  });

  test("lets nothing but its own style in, and depends on the language", async () => {
    const { headers } = await page("/problems/ticket_not_found");
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'unsafe-inline'; /);
    expect(headers.get("vary")).toContain("Accept-Language");
  });

  test.each(["/problems/no_such_code", "/problems/constructor", "/problems/%3Cscript%3E"])(
    "%s is 404",
    async (path) => {
      await expectProblem(await page(path), 404, "not_found");
    },
  );

  test("is where the type of a problem leads", async () => {
    const problem = (await (await app.request("/api/tickets")).json()) as { type: string };
    expect((await page(problem.type)).status).toBe(200);
  });
});

test("/problems lists every code once", async () => {
  const text = await (await page("/problems")).text();
  expect([...text.matchAll(/href="\/problems\/(\w+)"/g)].map(([, code]) => code).sort()).toEqual(CODES.toSorted());
});
