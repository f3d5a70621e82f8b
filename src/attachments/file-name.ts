const MAX_CHARACTERS = 200;
const MAX_EXTENSION = 10;

/** What a browser does to a name before it sends it in a multipart header (HTML standard, form submission). */
const FORM_ESCAPES: Record<string, string> = { "%22": '"', "%0D": "", "%0A": "" };

/** Controls, line separators, and the marks that turn the reading direction and so disguise an extension. */
const UNSEEN = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * The name under which a file is kept and shown: the last part of the path, in NFC, without control characters,
 * at most 200 characters. A name whose extension is none of a photo, document, recording or film gets the right one,
 * so that nothing is ever saved as a program or a page.
 *
 * @param extension of the content, without the dot.
 */
export function cleanFileName(sent: string, extension: string, isMediaExtension: (name: string) => boolean): string {
  const readable = sent
    .replace(/%22|%0D|%0A/gi, (code) => FORM_ESCAPES[code.toUpperCase()] ?? "")
    .toWellFormed()
    .normalize("NFC")
    .replace(UNSEEN, "");
  const name = (readable.split(/[/\\]/).at(-1) ?? "").trim().replace(/^\.+$/, "");
  const dot = name.lastIndexOf(".");
  const ownExtension = dot === -1 ? "" : name.slice(dot + 1);
  if (isMediaExtension(ownExtension.toLowerCase())) return shorten(name.slice(0, dot), ownExtension);
  return shorten(name.replace(/\.+$/, ""), extension);
}

function shorten(stem: string, extension: string): string {
  const suffix = `.${extension.slice(0, MAX_EXTENSION)}`;
  const kept = [...stem].slice(0, MAX_CHARACTERS - suffix.length).join("");
  return (kept.trim() || "file") + suffix;
}
