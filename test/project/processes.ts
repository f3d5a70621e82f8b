import { spawn } from "node:child_process";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { until } from "../receivers/client.ts";

/** A port that nobody listens on. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** Settings for a wrangler that keeps all it makes in `folder`, and asks nobody outside for anything. */
export const withinFolder = (folder: string): NodeJS.ProcessEnv => ({
  ...process.env,
  CI: "true",
  // A killed process cannot tidy up, so what it keeps outside its state goes with the folder.
  TMPDIR: folder,
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_LOG_PATH: folder,
  WRANGLER_REGISTRY_PATH: `${folder}/registry`,
});

/** A program and all that it starts, in a group of their own, so that they die together. */
export interface ProcessGroup {
  /** Its number. */
  id: number;
  /** Waits until a URL answers well. @throws Error with the last of what the program said, if it ends before. */
  answers(url: string): Promise<void>;
  /** The last of what it said. */
  output(): string;
  /** SIGKILL for all of them, now. */
  kill(): Promise<void>;
}

const alive = (group: number): boolean => {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
};

/** Starts a script on this Node. */
export function startGroup(args: string[], options: { cwd?: string; env: NodeJS.ProcessEnv }): ProcessGroup {
  const child = spawn(process.execPath, args, { ...options, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const group = child.pid;
  if (!group) throw new Error(`${args[0]} did not start`);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (part: Buffer) => {
      output = (output + part.toString()).slice(-4000);
    });
  }
  const killGroup = () => {
    if (alive(group)) process.kill(-group, "SIGKILL");
  };
  // A test run that is broken off leaves nothing behind.
  process.once("exit", killGroup);
  return {
    id: group,
    output: () => output,
    answers: (url) =>
      until(async () => {
        if (child.exitCode !== null) throw new Error(`${args[0]} ended: ${output}`);
        return (await fetch(url).catch(() => null))?.ok === true;
      }, 60_000).then(() => {}),
    async kill() {
      killGroup();
      await until(async () => !alive(group));
      process.removeListener("exit", killGroup);
    },
  };
}
