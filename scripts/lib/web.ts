import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { InlineConfig, Plugin, Rolldown } from "vite";

const ROOT = "src/web";
const PUBLIC = `${ROOT}/public`;

/** What is served, by its path below the root of the site. */
export type WebFiles = Map<string, Buffer>;

/** A hash of everything that the app is built from: as long as it is the same, so is what comes out. */
export function webInputs(): string {
  const hash = createHash("sha256").update(wantedWorker());
  const files = globSync(["src/{web,vocabulary}/**/*.*", "package-lock.json", "scripts/lib/web.ts"]).sort();
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file));
  return hash.digest("hex");
}

/** The service worker that is to be served: the app's own, or the one that removes it. */
type Worker = "sw" | "way-out";

/** `SERVICE_WORKER=off npm run deploy` serves the way out (src/web/sw/way-out.ts). */
export const wantedWorker = (): Worker => (process.env.SERVICE_WORKER === "off" ? "way-out" : "sw");

/** What both builds have in common: nothing inlined, since the policy on what may be loaded allows no `data:`. */
const common = (define: Record<string, unknown>): InlineConfig => ({
  root: ROOT,
  configFile: false,
  publicDir: false,
  envDir: false,
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  define: Object.fromEntries(Object.entries(define).map(([name, value]) => [name, JSON.stringify(value)])),
});

const COMMON_OUTPUT: InlineConfig["build"] = {
  write: false,
  assetsInlineLimit: 0,
  modulePreload: { polyfill: false },
  reportCompressedSize: false,
};

/** Nothing is painted before the script has run, so that no other theme than the chosen one is ever seen. */
const paintedByScript: Plugin = {
  name: "painted-by-script",
  transformIndexHtml: {
    order: "post",
    handler: (html) => html.replace('<script type="module"', '<script type="module" blocking="render"'),
  },
};

type Output = Rolldown.RolldownOutput["output"];
const outputOf = (result: unknown): Output => (result as Rolldown.RolldownOutput).output;
const contentOf = (file: Output[number]): Buffer => Buffer.from(file.type === "chunk" ? file.code : file.source);

/** Names of the scripts that the app may need on a phone: all but those that only the desk loads, and it alone uses. */
function phoneScripts(output: Output): Set<string> {
  const chunks = new Map(output.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file] as const] : [])));
  const found = new Set<string>();
  const visit = (name: string) => {
    const chunk = chunks.get(name);
    if (!chunk || found.has(name) || chunk.facadeModuleId?.includes(`${ROOT}/desk/`)) return;
    found.add(name);
    for (const next of [...chunk.imports, ...chunk.dynamicImports]) visit(next);
  };
  for (const chunk of chunks.values()) if (chunk.isEntry) visit(chunk.fileName);
  return found;
}

const revision = (content: Buffer): string => createHash("sha256").update(content).digest("hex").slice(0, 16);

interface Kept {
  url: string;
  /** null: the address itself changes with the content. */
  revision: string | null;
}

/** What the service worker keeps on the phone: the page, its scripts and styles, icons and the manifest. */
function precache(output: Output, files: WebFiles): Kept[] {
  const scripts = phoneScripts(output);
  return [...files].flatMap(([name, content]): Kept[] => {
    if (name === "index.html") return [{ url: "/", revision: revision(content) }];
    if (name.endsWith(".js")) return scripts.has(name) ? [{ url: `/${name}`, revision: null }] : [];
    if (name.startsWith("assets/")) return [{ url: `/${name}`, revision: null }];
    return /\.(svg|png|webmanifest)$/.test(name) ? [{ url: `/${name}`, revision: revision(content) }] : [];
  });
}

/**
 * Builds the app in memory: pages, scripts and styles under names that change with their content (`assets/`), the files
 * of `src/web/public` as they are, and the service worker, which knows all of them. Takes a second.
 *
 * @param version what the app says that it is.
 */
export async function buildWeb(version: string): Promise<WebFiles> {
  // Loaded only now: mostly there is nothing to build.
  const { build } = await import("vite");
  const worker = wantedWorker();
  const output = outputOf(
    await build({
      ...common({ __VERSION__: version, __SERVICE_WORKER__: worker === "sw" }),
      plugins: [paintedByScript],
      build: COMMON_OUTPUT,
    }),
  );
  const files: WebFiles = new Map(output.map((file) => [file.fileName, contentOf(file)]));
  for (const file of globSync(`${PUBLIC}/**/*.*`).concat(`${PUBLIC}/_headers`)) {
    files.set(relative(PUBLIC, file), readFileSync(file));
  }
  const [script] = outputOf(
    await build({
      ...common({ __PRECACHE__: precache(output, files), "process.env.NODE_ENV": "production" }),
      build: {
        ...COMMON_OUTPUT,
        rolldownOptions: {
          input: resolve(ROOT, `sw/${worker}.ts`),
          output: { format: "iife", entryFileNames: "sw.js" },
        },
      },
    }),
  );
  files.set("sw.js", contentOf(script));
  return files;
}
