const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, "base64"));
const ascii = (text: string) => new TextEncoder().encode(text);

function joined(...parts: (Uint8Array | string | number[])[]): Uint8Array<ArrayBuffer> {
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? ascii(part) : Uint8Array.from(part))));
}

/** An ISO base media file (MP4, HEIC, AVIF ...) of this brand, as far as a detector looks. */
const isoMedia = (brand: string) =>
  joined([0, 0, 0, 24], "ftyp", brand, [0, 0, 0, 0], brand, "mif1", [0, 0, 0, 8], "mdat");

/** Whole or well-begun files of each kind that may be attached. */
export const ALLOWED = {
  png: fromBase64("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="),
  jpg: joined([0xff, 0xd8, 0xff, 0xe0, 0, 16], "JFIF", [0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0xff, 0xd9]),
  gif: joined("GIF89a", [1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x3b]),
  webp: joined(
    "RIFF",
    [26, 0, 0, 0],
    "WEBPVP8L",
    [13, 0, 0, 0, 0x2f, 0, 0, 0, 0x10, 7, 0x10, 0x11, 0x11, 0x88, 0x88, 0xfe, 7, 0],
  ),
  heic: isoMedia("heic"),
  avif: isoMedia("avif"),
  pdf: joined("%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"),
  mp3: joined("ID3", [3, 0, 0, 0, 0, 0, 0], [0xff, 0xfb, 0x90, 0x64], new Array(60).fill(0)),
  wav: joined(
    "RIFF",
    [36, 0, 0, 0],
    "WAVEfmt ",
    [16, 0, 0, 0, 1, 0, 1, 0, 0x44, 0xac, 0, 0, 0x88, 0x58, 1, 0, 2, 0, 16, 0],
    "data",
    [0, 0, 0, 0],
  ),
  mp4: isoMedia("isom"),
};

/** Files that may not, each under the name that its sender would give it. */
export const REFUSED = {
  "photo.png": joined("MZ", [0x90, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0xff, 0xff], new Array(120).fill(0)),
  "drawing.svg": ascii('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
  "drawing.png": ascii('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
  "page.jpg": ascii("<!doctype html><html><script>alert(1)</script></html>"),
  "archive.pdf": joined("PK", [3, 4, 20, 0, 0, 0, 0, 0], new Array(18).fill(0), [1, 0, 0, 0], "a"),
  "notes.mp3": ascii("just some text, long enough for a detector to look into"),
  "one-byte.png": ascii("G"),
  "cut-off.png": joined([0x89], "PNG\r\n", [0x1a, 0x0a]),
  "tool.gif": joined([0x7f], "ELF", [2, 1, 1, 0], new Array(60).fill(0)),
  "picture.bmp": joined("BM", [70, 0, 0, 0], new Array(64).fill(0)),
} as const;

/** A film of this many bytes: a known beginning, then a pattern that tells every place from the next. */
export function film(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index++) bytes[index] = (index * 31 + (index >> 8)) & 0xff;
  bytes.set(ALLOWED.mp4);
  return bytes;
}
