import { expect, test } from "vitest";
import { capture } from "../../scripts/lib/shell.ts";

test("what a command prints is captured whole, however much it is; a command that fails gives null", () => {
  const print = "process.stdout.write('x'.repeat(5_000_000))";
  expect(capture(process.execPath, ["-e", print])?.length).toBe(5_000_000);
  expect(capture(process.execPath, ["-e", "process.exit(1)"])).toBeNull();
});
