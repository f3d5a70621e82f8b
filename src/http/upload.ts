import { AppError } from "../problem.ts";
import { readBody } from "./body.ts";

/** Bytes that a multipart envelope may add to the file: boundaries, headers, a few small fields. */
const ENVELOPE_BYTES = 64 * 1024;

/** A file as it was sent. Neither its name nor the type that its sender claims is to be trusted. */
export interface Upload {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 in hexadecimal. */
  sha256: string;
}

const malformed = (message: string) =>
  new AppError("validation_failed", { params: { fields: "file" }, errors: [{ path: "file", message }] });

async function formOf(bytes: Uint8Array<ArrayBuffer>, contentType: string): Promise<FormData> {
  try {
    return await new Response(bytes, { headers: { "content-type": contentType } }).formData();
  } catch {
    throw new AppError("invalid_multipart");
  }
}

/**
 * The one file of a `multipart/form-data` body, in its part `file`.
 *
 * @param limit bytes of the file itself.
 * @throws AppError `unsupported_media_type`, `payload_too_large`, `invalid_multipart`, `validation_failed`.
 */
export async function readUpload(request: Request, limit: number): Promise<Upload> {
  const contentType = request.headers.get("content-type") ?? "";
  if (!/^multipart\/form-data\s*;/i.test(contentType)) {
    throw new AppError("unsupported_media_type", { params: { expected: "multipart/form-data" } });
  }
  const form = await formOf(await readBody(request, limit + ENVELOPE_BYTES, { reported: limit }), contentType);
  const parts = form.getAll("file");
  const [part] = parts;
  if (part === undefined) throw malformed("is required");
  if (parts.length > 1) throw malformed("must be a single file");
  if (typeof part === "string") throw malformed("must be a file");
  if (part.size > limit) throw new AppError("payload_too_large", { params: { limit } });
  const bytes = new Uint8Array(await part.arrayBuffer());
  const sha256 = Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
  return { name: part.name, bytes, sha256 };
}
