import { globSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, resolve } from "node:path";
import { rolldown } from "rolldown";
import { esmExternalRequirePlugin } from "rolldown/plugins";
import type { Plugin } from "vitest/config";

const DIRECTORY = "dist/tests";
const LOADED_ONCE = `/${DIRECTORY}/[^/]+/(?:packages|source|rolldown-runtime)\\.mjs$`;

/**
 * Bundles src into one file and the packages that it imports into another, and writes for each module of src a file
 * that re-exports its part. Answers which file that is for which module.
 */
async function bundle(directory: string): Promise<Map<string, string>> {
  // Of the app in src/web only what the Worker imports.
  const sources = globSync(["src/*.ts", "src/!(web)/**/*.ts", "src/web/pages.ts"]);
  const modules = Object.fromEntries(sources.map((file) => [file.replace(/\.ts$/, ""), file]));
  const build = await rolldown({
    input: modules,
    platform: "browser",
    plugins: [esmExternalRequirePlugin({ external: [/^node:/, /^cloudflare:/, ...builtinModules] })],
    preserveEntrySignatures: "strict",
    resolve: { conditionNames: ["workerd", "worker", "module", "browser", "import", "default"] },
  });
  await build.write({
    dir: directory,
    sourcemap: true,
    // Less to read, and every name stays.
    minify: { compress: false, mangle: false },
    entryFileNames: "[name].mjs",
    chunkFileNames: "[name].mjs",
    codeSplitting: {
      groups: [
        { name: "packages", test: /\/node_modules\// },
        { name: "source", test: /\/src\// },
      ],
    },
  });
  await build.close();
  return new Map(Object.entries(modules).map(([name, file]) => [resolve(file), `${directory}/${name}.mjs`]));
}

/**
 * Lets the tests import src out of a bundle that is built anew at each run. The isolate of each test file then loads
 * two large files instead of some two hundred, and the packages, nine tenths of the code, without the detour through
 * Vite, and both only once for all files that it runs. Each module of src is there once, as ever, whichever test file or module imports it, and errors are traced to
 * its lines. Vite serves src itself where single modules matter: in watch mode, which runs what a change concerns, and
 * for coverage.
 */
export function sourceBundle(): Plugin {
  let bundled = new Map<string, string>();
  return {
    name: "source-bundle",
    enforce: "pre",
    config: {
      order: "post", // The Workers plugin has everything go through Vite, and says so before this.
      handler(config) {
        const deps = config.test?.server?.deps;
        if (deps)
          Object.assign(deps, { inline: [new RegExp(`^(?!.*${LOADED_ONCE})`)], external: [new RegExp(LOADED_ONCE)] });
      },
    },
    async configureVitest({ vitest }) {
      if (vitest.config.watch || vitest.config.coverage.enabled) return;
      mkdirSync(DIRECTORY, { recursive: true });
      const directory = resolve(mkdtempSync(`${DIRECTORY}/`));
      process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
      bundled = await bundle(directory);
    },
    resolveId(specifier, importer) {
      return bundled.get(importer && specifier.startsWith(".") ? resolve(dirname(importer), specifier) : specifier);
    },
  };
}
