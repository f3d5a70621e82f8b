import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

const MEBIBYTE_IN_KB = 1024;

/** Only Linux keeps the peak of a process's memory, and lets it begin anew. */
export const isMeasurable = existsSync("/proc/self/clear_refs");

/** The workerd processes of a process group. */
function workerds(group: number): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^[0-9]+$/.test(pid)) return false;
    try {
      const [, name, rest = ""] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
      return name === "workerd" && Number(rest.split(" ")[2]) === group;
    } catch {
      return false;
    }
  });
}

/** A figure of a process's memory, in MiB (proc(5)). */
function figure(pid: string, name: "VmRSS" | "VmHWM"): number {
  const [, kilobytes] =
    new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / MEBIBYTE_IN_KB;
}

/**
 * By how much the memory of the runtime grows at its peak while something runs.
 *
 * @param group the process group of `wrangler dev`; of its several workerd processes the one that grows most counts.
 * @returns MiB of resident memory.
 */
export async function peakGrowth(group: number, run: () => Promise<void>): Promise<number> {
  const before = workerds(group).map((pid) => {
    // Begins the peak anew.
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
    return { pid, resident: figure(pid, "VmRSS") };
  });
  if (before.length === 0) throw new Error("no workerd");
  await run();
  return Math.round(Math.max(...before.map(({ pid, resident }) => figure(pid, "VmHWM") - resident)));
}
