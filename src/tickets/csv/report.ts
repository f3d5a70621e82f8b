import type { ImportLine, ImportReport } from "./schemas.ts";

/** Lines that failed, and lines that were skipped, of which a report says why: it is stored, and sent, as a whole. */
const EXPLAINED = 100;

/** What became of the lines of a file, in its order; the faults of the first ones of each kind are spelled out. */
export function spellOut(lines: ImportLine[]): Omit<ImportReport, "dry_run"> {
  const counts = { imported: 0, skipped: 0, failed: 0 };
  let errors_omitted = 0;
  const shown = lines
    .toSorted((a, b) => a.line - b.line)
    .map((line) => {
      const isExplained = ++counts[line.status] <= EXPLAINED || line.errors.length === 0;
      if (!isExplained) errors_omitted += line.errors.length;
      return isExplained ? line : { ...line, errors: [] };
    });
  return { total: lines.length, ...counts, errors_omitted, lines: shown };
}
