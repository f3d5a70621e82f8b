import { spawnSync } from "node:child_process";

/** Runs a command with its output shown; ends this process with the command's code when it fails. */
export function run(command: string, args: string[], env: Record<string, string> = {}): void {
  const { status } = spawnSync(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  if (status !== 0) process.exit(status ?? 1);
}

/** Runs a command quietly and returns what it printed, however much that is; null when it failed. */
export function capture(command: string, args: string[], env: Record<string, string> = {}): string | null {
  const { status, stdout } = spawnSync(command, args, {
    env: { ...process.env, ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: Number.POSITIVE_INFINITY,
  });
  return status === 0 ? stdout : null;
}
