import { AppError } from "../problem.ts";

/**
 * Reads a request body into memory, whether or not its length was announced.
 *
 * @param limit bytes; reading stops as soon as there are more.
 * @param options.reported the limit that the refusal names, when the body wraps something smaller.
 * @throws AppError `payload_too_large`, `incomplete_body` when the sender hung up before the end.
 */
export async function readBody(
  request: Request,
  limit: number,
  options: { reported?: number } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () => new AppError("payload_too_large", { params: { limit: options.reported ?? limit } });
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    // Leaving the loop early cancels the stream, so that the rest is never received.
    for await (const chunk of request.body ?? []) {
      size += chunk.byteLength;
      if (size > limit) break;
      chunks.push(chunk);
    }
  } catch {
    throw new AppError("incomplete_body");
  }
  if (size > limit) throw tooLarge();
  return Buffer.concat(chunks, size);
}
