/** What encodeURIComponent leaves as it is, but RFC 5987 section 3.2.1 does not allow. */
const NOT_ATTR_CHARS = /['()*]/g;

const percent = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/**
 * A `Content-Disposition` header (RFC 6266) that no file name can break out of: plain ASCII for old clients, the
 * full name in percent-encoded UTF-8 beside it.
 */
export function contentDisposition(type: "inline" | "attachment", fileName: string): string {
  const ascii = fileName
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .replace(/[^\x20-\x7e]|["\\%]/gu, "_");
  const full = encodeURIComponent(fileName.toWellFormed()).replace(NOT_ATTR_CHARS, percent);
  return `${type}; filename="${ascii}"; filename*=UTF-8''${full}`;
}
