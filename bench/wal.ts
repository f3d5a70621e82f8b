import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const SALT_BYTES = 8;

/** How far a write-ahead log has come. */
interface Position {
  /** Another one once the log has begun anew. */
  salt: string;
  pages: number;
}

/** Reads one log (https://www.sqlite.org/fileformat.html#walformat): frames that bear the header's salt are its pages. */
function positionIn(file: string): Position {
  const log = readFileSync(file);
  if (log.length < HEADER_BYTES) return { salt: "", pages: 0 };
  const pageBytes = log.readUInt32BE(8);
  const salt = log.subarray(16, 16 + SALT_BYTES);
  let pages = 0;
  for (let at = HEADER_BYTES; at < log.length; at += FRAME_HEADER_BYTES + pageBytes) {
    if (!log.subarray(at + 8, at + 8 + SALT_BYTES).equals(salt)) break;
    pages++;
  }
  return { salt: salt.toString("hex"), pages };
}

/** Watches the write-ahead logs of all databases below `folder`, a storage of the local D1. */
export function watchLogs(folder: string) {
  const read = () =>
    new Map(
      globSync(join(folder, "**/d1/**/*.sqlite-wal"))
        .filter((file) => !file.includes("metadata"))
        .map((file) => [file, positionIn(file)]),
    );
  let before = read();
  return {
    /** Pages that have been written since the last call, one for each time that a commit has written it. */
    take(): number {
      const now = read();
      let pages = 0;
      for (const [file, { salt, pages: count }] of now) {
        const old = before.get(file);
        pages += old?.salt === salt ? count - old.pages : count;
      }
      before = now;
      return pages;
    },
  };
}
