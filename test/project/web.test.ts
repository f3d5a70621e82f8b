import { spawnSync } from "node:child_process";
import { globSync, readFileSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

const SERVED = "dist/assets";
const page = readFileSync(`${SERVED}/index.html`, "utf8");

/** What the first page loads before it can be used. */
const FIRST_LOAD_GZIP_KIB = 45;

test(`the first page loads at most ${FIRST_LOAD_GZIP_KIB} KiB of JavaScript in gzip`, () => {
  const scripts = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map(([, file]) => file);
  expect(scripts.length).toBeGreaterThan(0);
  const sizes = scripts.map((file) => gzipSync(readFileSync(`${SERVED}/${file}`)).length);
  expect(sizes.reduce((sum, size) => sum + size, 0) / 1024).toBeLessThanOrEqual(FIRST_LOAD_GZIP_KIB);
});

test("the page holds nothing that its policy would refuse", () => {
  expect(page).not.toMatch(/<script>|<style|\son\w+=|\sstyle=|data:|https?:\/\//);
});

test("scripts and styles are named after their content", () => {
  const files = globSync(`${SERVED}/assets/*`);
  expect(files.length).toBeGreaterThan(0);
  expect(files.filter((file) => !/-[\w-]{8}\.\w+$/.test(file))).toEqual([]);
});

test("what is built already is not written again", () => {
  const times = () => globSync(`${SERVED}/**/*.*`).map((file) => [file, statSync(file).mtimeMs, statSync(file).ino]);
  const before = times();
  const { status } = spawnSync(process.execPath, ["scripts/web.ts"], {
    env: { ...process.env, NODE_NO_WARNINGS: "1" },
  });
  expect(status).toBe(0);
  expect(times()).toEqual(before);
});

test("nothing of the app puts text into a page as HTML", () => {
  const sinks = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\bjavascript:/;
  const found = globSync("src/web/**/*.{ts,tsx,html}").filter((file) => sinks.test(readFileSync(file, "utf8")));
  expect(found).toEqual([]);
});
