import { expect, test } from "vitest";
import { PAGES } from "../../src/web/pages.ts";
import { startApp } from "../helpers.ts";
import { expectProblem } from "../problems.ts";

const app = startApp();
const addresses = Object.values(PAGES).map(({ path }) => path.replace(/:\w+/g, "x-1"));

test.each(addresses)("%s is the app, under its policy", async (path) => {
  const response = await app.request(path);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch(/^text\/html/);
  expect(response.headers.get("cache-control")).toBe("public, max-age=0, must-revalidate");
  const policy = response.headers.get("content-security-policy") ?? "";
  for (const part of ["default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'"]) {
    expect(policy.split("; ")).toContain(part);
  }
  expect(policy).not.toMatch(/unsafe|data:|https?:|\*/);
  expect(response.headers.get("strict-transport-security")).toContain("max-age=");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(await response.text()).toContain('<div id="app">');
});

test("a page that the browser has already is not sent again", async () => {
  const { headers } = await app.request("/settings");
  const again = await app.request("/search", { headers: { "if-none-match": headers.get("etag") ?? "" } });
  expect(again.status).toBe(304);
  expect(await again.text()).toBe("");
});

test.each(["/assets/main-OLD.js", "/assets/", "/desk.js", "/m/a/b", "/tickets", "/settings/x"])(
  "%s is no page: 404, and nothing that a browser would keep",
  async (path) => {
    const response = await app.request(path);
    expect(response.headers.get("cache-control")).toBe("no-store");
    await expectProblem(response, 404, "not_found");
  },
);

test("who opens an address that is none sees the app, which says so; it is 404 all the same, and nothing is kept", async () => {
  const opened = { "sec-fetch-dest": "document", "if-none-match": (await app.request("/")).headers.get("etag") ?? "" };
  const response = await app.request("/no/such/page", { headers: opened });
  expect(response.status).toBe(404);
  expect(response.headers.get("content-type")).toMatch(/^text\/html/);
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(response.headers.get("content-security-policy")).toContain("require-trusted-types-for 'script'");
  expect(await response.text()).toContain('<div id="app">');
  await expectProblem(await app.request("/api/nothing", { headers: opened }), 404, "not_found");
  await expectProblem(
    await app.request("/assets/main-OLD.js", { headers: { "sec-fetch-dest": "script" } }),
    404,
    "not_found",
  );
});

test("a page takes nothing but GET and HEAD", async () => {
  const head = await app.request("/sign-in", { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  await expectProblem(await app.request("/sign-in", { method: "POST" }), 405, "method_not_allowed");
});
