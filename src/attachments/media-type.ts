import { fileTypeFromBuffer } from "file-type";

/** What a file's content shows it to be. */
export interface MediaType {
  content_type: string;
  /** The usual extension, without the dot. */
  extension: string;
}

const IMAGES_AND_DOCUMENTS = new Set([
  "image/jpeg",
  "image/png",
  "image/apng",
  "image/webp",
  "image/gif",
  "image/heic",
  "image/heic-sequence",
  "image/heif",
  "image/heif-sequence",
  "image/avif",
  "application/pdf",
]);

/** What may be attached, in words that both languages share. */
export const ALLOWED_MEDIA = "JPEG, PNG, WebP, GIF, HEIC, AVIF, PDF, audio, video";

const EXTENSIONS = new Set(
  (
    "jpg jpeg jpe jfif png apng webp gif heic heif avif pdf " +
    "mp3 m4a m4b aac oga ogg opus flac wav amr aif aiff caf wma mid weba " +
    "mp4 m4v mov webm mkv avi mpg mpeg ogv 3gp 3g2 ts mts m2ts wmv flv"
  ).split(" "),
);

/** Whether a file name may end in this, without the dot and in lower case. */
export const isMediaExtension = (extension: string): boolean => EXTENSIONS.has(extension);

/**
 * Tells what a file is from its content alone.
 *
 * @returns null for anything that is not an image, PDF, audio or video of a kind that may be attached.
 */
export async function sniff(bytes: Uint8Array): Promise<MediaType | null> {
  let found: { mime: string; ext: string } | undefined;
  try {
    found = await fileTypeFromBuffer(bytes);
  } catch {
    // The detector gives up on files that are cut off or built to mislead it: not a type we know.
    return null;
  }
  if (!found) return null;
  const allowed = IMAGES_AND_DOCUMENTS.has(found.mime) || /^(audio|video)\//.test(found.mime);
  return allowed ? { content_type: found.mime, extension: found.ext } : null;
}

/** What a thumbnail may be, in words that both languages share. */
export const THUMBNAIL_MEDIA = "JPEG, PNG, WebP, AVIF";

/** Whether every browser shows it as a picture. */
export const isThumbnail = (type: MediaType | null): boolean =>
  type !== null && ["image/jpeg", "image/png", "image/webp", "image/avif"].includes(type.content_type);

/** PDFs run scripts in their viewers and are saved; pictures, sound and film are shown where they are. */
export const dispositionOf = (contentType: string): "inline" | "attachment" =>
  contentType === "application/pdf" ? "attachment" : "inline";
