import { AppError } from "../../problem.ts";
import { unreadable } from "./unreadable.ts";

/** Bytes that are decoded at once, however large the pieces are in which a body arrives. */
const PIECE_BYTES = 64 * 1024;

/** Tells where text stands that is to be decoded: UTF-8 unless a `Content-Type` names another charset. */
function charsetOf(contentType: string): string {
  return /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1] ?? "utf-8";
}

function decoderOf(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: false });
  } catch {
    throw new AppError("unsupported_media_type", { params: { expected: "text/csv; charset=utf-8" } });
  }
}

/**
 * Decodes a file while it arrives, without its byte order mark.
 *
 * @throws AppError `unsupported_media_type` for an unknown charset, `invalid_csv` for bytes that it does not have.
 */
export async function* decodedCsv(bytes: AsyncIterable<Uint8Array>, contentType: string): AsyncGenerator<string> {
  const charset = charsetOf(contentType);
  const decoder = decoderOf(charset);
  const decode = (piece?: Uint8Array): string => {
    try {
      return decoder.decode(piece, { stream: piece !== undefined });
    } catch {
      throw unreadable(`it is not ${charset}`, `il n'est pas en ${charset}`);
    }
  };
  for await (const chunk of bytes) {
    for (let begin = 0; begin < chunk.byteLength; begin += PIECE_BYTES) {
      yield decode(chunk.subarray(begin, begin + PIECE_BYTES));
    }
  }
  yield decode();
}
