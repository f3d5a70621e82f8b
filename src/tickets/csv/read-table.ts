import { createHash } from "node:crypto";
import { bodyPieces } from "../../http/body.ts";
import { AppError } from "../../problem.ts";
import { decodedCsv } from "./decode.ts";
import { type CsvLine, parseCsv } from "./parse.ts";

/** Largest file in bytes. */
export const IMPORT_LIMIT = 12 * 1024 * 1024;

/**
 * Reads the table in a request's body while it arrives, so that neither the file nor what is wrong with it fills the
 * memory of the Worker.
 *
 * @returns its lines, and the SHA-256 of the file in base64url.
 * @throws AppError `empty_file`, `payload_too_large`, `incomplete_body`, `unsupported_media_type`, and what `parseCsv`
 *   throws.
 */
export async function readTable(request: Request, contentType: string): Promise<{ table: CsvLine[]; sha256: string }> {
  const hash = createHash("sha256");
  let size = 0;
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const piece of bodyPieces(request, IMPORT_LIMIT)) {
      size += piece.byteLength;
      hash.update(piece);
      yield piece;
    }
    if (size === 0) throw new AppError("empty_file");
  }
  const table = await parseCsv(decodedCsv(hashed(), contentType));
  return { table, sha256: hash.digest("base64url") };
}
