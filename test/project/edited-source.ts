import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import ts from "typescript";

/** New texts of source files, by path from the root of the project. */
export type Edits = Record<string, (text: string) => string>;

const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile("tsconfig.json", ts.sys.readFile).config,
  ts.sys,
  ".",
);
// What only the tests need takes longer to read than all the rest.
options.types = ["@cloudflare/workers-types", "node"];

const parsed = new Map<string, ts.SourceFile | undefined>();
let previous: ts.Program | undefined;

/**
 * What the type checker says of some files once sources have been edited. Nothing is written, and nothing is checked but
 * these files.
 *
 * @param files paths from the root of the project.
 * @returns the text of each error, by file.
 * @throws Error when an edit changes nothing.
 */
export function errorsAfter(edits: Edits, files: string[]): Record<string, string[]> {
  const edited = new Map(
    Object.entries(edits).map(([path, edit]) => {
      const text = readFileSync(path, "utf8");
      const next = edit(text);
      if (next === text) throw new Error(`the edit of ${path} changes nothing`);
      return [resolve(path), next];
    }),
  );
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile;
  host.getSourceFile = (path, version, ...rest) => {
    const text = edited.get(resolve(path));
    if (text !== undefined) return ts.createSourceFile(path, text, version, true);
    if (!parsed.has(path)) parsed.set(path, read(path, version, ...rest));
    return parsed.get(path);
  };
  const program = ts.createProgram({ rootNames: files, options, host, oldProgram: previous });
  previous = program;
  return Object.fromEntries(
    files.map((file) => [
      file,
      program
        .getSemanticDiagnostics(program.getSourceFile(file))
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
    ]),
  );
}
