import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildAssets } from "../scripts/lib/assets.ts";
import { capture } from "../scripts/lib/shell.ts";
import { median } from "./statistics.ts";

/** What a deployment would upload, and how long it takes to start. */
export interface Bundle {
  /** As `wrangler deploy` reports them, in KiB. */
  kib: number;
  gzipKib: number;
  /**
   * CPU time from the Worker's start to the end of its module evaluation in the local workerd, in ms: idle samples
   * left out, garbage collection included. Median of the runs.
   */
  startUpMs: number;
  startUpRuns: number[];
}

/** The part of a V8 CPU profile that is read here; times in microseconds. */
interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string } }[];
  samples: number[];
  timeDeltas: number[];
}

function activeMs(profile: CpuProfile): number {
  const idle = new Set(profile.nodes.filter((node) => node.callFrame.functionName === "(idle)").map((node) => node.id));
  const active = profile.timeDeltas.filter((_, index) => !idle.has(profile.samples[index] ?? -1));
  return active.reduce((sum, delta) => sum + delta, 0) / 1000;
}

function wrangler(args: string[]): string {
  const output = capture("wrangler", args);
  if (output === null) throw new Error(`wrangler ${args.join(" ")} failed`);
  return output;
}

/** Bundles the Worker as a deployment does (dry run), and profiles its start `runs` times. */
export function measureBundle(runs: number): Bundle {
  buildAssets();
  const folder = mkdtempSync(join(tmpdir(), "shopfloor-bench-"));
  try {
    const upload = wrangler(["deploy", "--dry-run", "--outdir", folder]);
    const [, kib, gzipKib] = /Total Upload: ([\d.]+) KiB \/ gzip: ([\d.]+) KiB/.exec(upload) ?? [];
    if (!kib || !gzipKib) throw new Error("wrangler deploy --dry-run did not tell the size");
    const startUpRuns = Array.from({ length: runs }, (_, run) => {
      const file = join(folder, `start-${run}.cpuprofile`);
      wrangler(["check", "startup", "--outfile", file]);
      return activeMs(JSON.parse(readFileSync(file, "utf8")));
    });
    return {
      kib: Number(kib),
      gzipKib: Number(gzipKib),
      startUpMs: median(startUpRuns) ?? Number.NaN,
      startUpRuns,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
