import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import type { InlineConfig, Plugin, Rolldown } from "vite";

const ROOT = "src/web";
const PUBLIC = `${ROOT}/public`;

/** What is served, by its path below the root of the site. */
export type WebFiles = Map<string, Buffer>;

/** A hash of everything that the app is built from: as long as it is the same, so is what comes out. */
export function webInputs(): string {
  const hash = createHash("sha256");
  const files = globSync(["src/{web,vocabulary}/**/*.*", "package-lock.json", "scripts/lib/web.ts"]).sort();
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file));
  return hash.digest("hex");
}

/** What both builds have in common: nothing inlined, since the policy on what may be loaded allows no `data:`. */
const common = (version: string): InlineConfig => ({
  root: ROOT,
  configFile: false,
  publicDir: false,
  envDir: false,
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  define: { __VERSION__: JSON.stringify(version) },
  build: { write: false, assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
});

/** Nothing is painted before the script has run, so that no other theme than the chosen one is ever seen. */
const paintedByScript: Plugin = {
  name: "painted-by-script",
  transformIndexHtml: {
    order: "post",
    handler: (html) => html.replace('<script type="module"', '<script type="module" blocking="render"'),
  },
};

function outputOf(result: unknown): WebFiles {
  const { output } = result as Rolldown.RolldownOutput;
  return new Map(
    output.map((file) => [file.fileName, Buffer.from(file.type === "chunk" ? file.code : file.source)] as const),
  );
}

/**
 * Builds the app in memory: pages, scripts and styles under names that change with their content (`assets/`), and the
 * files of `src/web/public` as they are. Takes a second.
 *
 * @param version what the app says that it is.
 */
export async function buildWeb(version: string): Promise<WebFiles> {
  // Loaded only now: mostly there is nothing to build.
  const { build } = await import("vite");
  const files = outputOf(await build({ ...common(version), plugins: [paintedByScript] }));
  for (const file of globSync(`${PUBLIC}/**/*.*`).concat(`${PUBLIC}/_headers`)) {
    files.set(relative(PUBLIC, file), readFileSync(file));
  }
  return files;
}
