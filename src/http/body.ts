import { AppError } from "../problem.ts";

interface BodyOptions {
  /** The limit that the refusal names, when the body wraps something smaller. */
  reported?: number;
}

/**
 * A request body as it arrives, whether or not its length was announced. Who stops reading cancels it: the rest is
 * never received.
 *
 * @param limit bytes; reading stops as soon as there are more.
 * @throws AppError `payload_too_large`, `incomplete_body` when the sender hung up before the end.
 */
export async function* bodyPieces(
  request: Request,
  limit: number,
  options: BodyOptions = {},
): AsyncGenerator<Uint8Array> {
  const tooLarge = () => new AppError("payload_too_large", { params: { limit: options.reported ?? limit } });
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw tooLarge();
  let size = 0;
  try {
    for await (const piece of request.body ?? []) {
      size += piece.byteLength;
      if (size > limit) break;
      yield piece;
    }
  } catch {
    throw new AppError("incomplete_body");
  }
  if (size > limit) throw tooLarge();
}

/** Reads a request body into memory. Limit, options and errors are those of `bodyPieces`. */
export async function readBody(
  request: Request,
  limit: number,
  options: BodyOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bodyPieces(request, limit, options)) pieces.push(piece);
  return Buffer.concat(pieces);
}
