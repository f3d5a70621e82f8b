import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";

/** Starts the project with arguments that it must refuse before it does anything. */
function start(args: string[], settings: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/start.ts", ...args], {
    encoding: "utf8",
    timeout: 30_000,
    env: { ...process.env, PORT: "", NODE_NO_WARNINGS: "1", ...settings },
  });
  return { status, stdout, stderr: stderr.trim() };
}

test("a port that is in use is named, with what to do", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  const expected = {
    status: 1,
    stdout: "",
    stderr: `Port ${port} is in use. Choose another one: npm start -- --port ${port + 1}`,
  };
  expect(start(["--port", `${port}`])).toEqual(expected);
  expect(start([], { PORT: `${port}` })).toEqual(expected);
  other.close();
});

test.each([[["--prot", "9000"]], [["9000"]], [["--port", "http"]], [["--port", "0"]]])(
  "%j is refused, not passed over",
  (args) => {
    expect(start(args)).toEqual({ status: 2, stdout: "", stderr: "usage: npm start -- --port 8787" });
  },
);
