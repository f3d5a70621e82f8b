import { AppError } from "../problem.ts";

interface BodyOptions {
  /** The limit that the refusal names, when the body wraps something smaller. */
  reported?: number;
}

function refuseLonger(bytes: number, limit: number, { reported = limit }: BodyOptions): void {
  if (bytes > limit) throw new AppError("payload_too_large", { params: { limit: reported } });
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
  refuseLonger(Number(request.headers.get("content-length") ?? 0), limit, options);
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
  refuseLonger(size, limit, options);
}

async function readWhole(request: Request, limit: number, options: BodyOptions): Promise<Uint8Array<ArrayBuffer>> {
  refuseLonger(Number(request.headers.get("content-length")), limit, options);
  const body = await request.arrayBuffer().catch(() => {
    throw new AppError("incomplete_body");
  });
  refuseLonger(body.byteLength, limit, options);
  return new Uint8Array(body);
}

/** Reads a request body into memory. Limit, options and errors are those of `bodyPieces`. */
export async function readBody(
  request: Request,
  limit: number,
  options: BodyOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  // What announces its length is never longer (RFC 9112 section 6.3), and reading it at once takes half the CPU.
  if (request.headers.has("content-length")) return readWhole(request, limit, options);
  const pieces: Uint8Array[] = [];
  for await (const piece of bodyPieces(request, limit, options)) pieces.push(piece);
  return Buffer.concat(pieces);
}
