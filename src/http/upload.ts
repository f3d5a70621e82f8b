import type { z } from "zod";
import { AppError } from "../problem.ts";
import { readBody } from "./body.ts";

/** Bytes that the rest of a form may add to the file: boundaries, headers, a few small fields, a thumbnail. */
const ENVELOPE_BYTES = 128 * 1024;

/** A file as it was sent. Neither its name nor the type that its sender claims is to be trusted. */
export interface Upload {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 in hexadecimal. */
  sha256: string;
}

const malformed = (path: string, message: string) =>
  new AppError("validation_failed", { params: { fields: path }, errors: [{ path, message }] });

async function formOf(bytes: Uint8Array<ArrayBuffer>, contentType: string): Promise<FormData> {
  try {
    return await new Response(bytes, { headers: { "content-type": contentType } }).formData();
  } catch {
    throw new AppError("invalid_multipart");
  }
}

/**
 * The parts of a `multipart/form-data` body.
 *
 * @param limit bytes of the file in it, which is told where that is exceeded.
 * @throws AppError `unsupported_media_type`, `payload_too_large`, `incomplete_body`, `invalid_multipart`.
 */
export async function readForm(request: Request, limit: number): Promise<FormData> {
  const contentType = request.headers.get("content-type") ?? "";
  if (!/^multipart\/form-data\s*;/i.test(contentType)) {
    throw new AppError("unsupported_media_type", { params: { expected: "multipart/form-data" } });
  }
  return formOf(await readBody(request, limit + ENVELOPE_BYTES, { reported: limit }), contentType);
}

/**
 * The file in a part of a form.
 *
 * @param limit its bytes.
 * @throws AppError `payload_too_large`, `validation_failed`.
 */
export async function fileOf(form: FormData, name: string, limit: number): Promise<Upload> {
  const parts = form.getAll(name);
  const [part] = parts;
  if (part === undefined) throw malformed(name, "is required");
  if (parts.length > 1) throw malformed(name, "must be a single file");
  if (typeof part === "string") throw malformed(name, "must be a file");
  if (part.size > limit) throw new AppError("payload_too_large", { params: { limit } });
  const bytes = new Uint8Array(await part.arrayBuffer());
  const sha256 = Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
  return { name: part.name, bytes, sha256 };
}

/**
 * The text in a part of a form, by its schema; absent parts are undefined.
 *
 * @throws AppError `validation_failed`.
 */
export function textOf<Schema extends z.ZodType>(form: FormData, name: string, schema: Schema): z.output<Schema> {
  const parts = form.getAll(name);
  if (parts.length > 1) throw malformed(name, "must be there once");
  const read = schema.safeParse(parts[0]);
  if (!read.success) throw malformed(name, read.error.issues[0]?.message ?? "is not valid");
  return read.data;
}
