import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

const create = (...args: string[]) =>
  spawnSync(
    process.execPath,
    ["scripts/create-user.ts", "--name", "Nora Admin", "--email", "nora@shop.example", ...args],
    {
      encoding: "utf8",
      // No wrangler in reach: whatever goes past the checks fails.
      env: { PATH: "/nonexistent" },
    },
  );

test.each([
  ["short 789", "A password has 10 to 128 characters."],
  ["Password2026", "among the first"],
  ["nora admin", "must not be the e-mail address"],
  ["x y ".repeat(33), "A password has 10 to 128 characters."],
])("the script that adds people refuses '%s'", (password, words) => {
  const { status, stderr, stdout } = create("--password", password);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(words);
  expect(stderr).not.toContain(password);
});

test("a password that will do, or none, goes on to the database", () => {
  for (const args of [["--password", "tungsten carbide 7"], []]) {
    const { status, stderr } = create(...args);
    expect([status, stderr]).toEqual([1, ""]);
  }
});
