import { beforeAll, expect, test } from "vitest";
import { cleanFileName } from "../../src/attachments/file-name.ts";
import { isMediaExtension } from "../../src/attachments/media-type.ts";
import { contentDisposition } from "../../src/http/content-disposition.ts";
import { machine, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { attached, newTicket } from "./api.ts";
import { ALLOWED } from "./files.ts";

const app = startApp();
let technician: Person;
let path: string;

beforeAll(async () => {
  technician = await person("technician");
  path = `/api/tickets/${(await newTicket(app, technician, await machine("CNC"))).id}/attachments`;
});

/** A form as a browser writes it: quotes and line ends of the name as percent codes (HTML standard). */
function browserForm(name: string): RequestInit {
  const escaped = name.replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const body = Buffer.concat([
    Buffer.from(`--x\r\nContent-Disposition: form-data; name="file"; filename="${escaped}"\r\n\r\n`),
    ALLOWED.png,
    Buffer.from("\r\n--x--\r\n"),
  ]);
  const headers = {
    authorization: `Bearer ${technician.token}`,
    "content-type": "multipart/form-data; boundary=x",
  };
  return { method: "POST", headers, body };
}

test.each([
  ["photo.png", "photo.png"],
  ["IMG_0001.JPG", "IMG_0001.JPG"],
  ["Électrobroche.png", "Électrobroche.png"],
  ["E\u0301lectrobroche.png", "Électrobroche.png"],
  ["主轴 🔧.png", "主轴 🔧.png"],
  ["../../etc/passwd.png", "passwd.png"],
  ["C:\\fakepath\\photo.png", "photo.png"],
  ["a\u0000b\r\nc\td\u007f.png", "abcd.png"],
  ["evil\u202egnp.exe", "evilgnp.exe.png"],
  ["page.html", "page.html.png"],
  ["no extension", "no extension.png"],
  [".png", "file.png"],
  ["..", "file.png"],
  ["   ", "file.png"],
  ["", "file.png"],
  ["trailing.", "trailing.png"],
  ["a %22quoted%22 name.png", 'a "quoted" name.png'],
  ["100%.png", "100%.png"],
])("%j is kept as %j", (sent, kept) => {
  expect(cleanFileName(sent, "png", isMediaExtension)).toBe(kept);
});

test("a long name keeps its beginning and its extension, within 200 characters", () => {
  for (const letter of ["a", "é", "🔧"]) {
    const kept = cleanFileName(`${letter.repeat(500)}.png`, "png", isMediaExtension);
    expect([...kept]).toHaveLength(200);
    expect(kept).toMatch(/\.png$/);
    expect(kept.isWellFormed()).toBe(true);
  }
});

test.each([
  ["photo.png", `attachment; filename="photo.png"; filename*=UTF-8''photo.png`],
  ["Été 1.png", `attachment; filename="Ete 1.png"; filename*=UTF-8''%C3%89t%C3%A9%201.png`],
  [`a"; x="b.png`, `attachment; filename="a_; x=_b.png"; filename*=UTF-8''a%22%3B%20x%3D%22b.png`],
  [
    "a\r\nSet-Cookie: x.png",
    `attachment; filename="a__Set-Cookie: x.png"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x.png`,
  ],
  ["it's (1)*.png", `attachment; filename="it's (1)*.png"; filename*=UTF-8''it%27s%20%281%29%2A.png`],
  ["a\\b%20.png", `attachment; filename="a_b_20.png"; filename*=UTF-8''a%5Cb%2520.png`],
])("%j cannot break out of its header", (name, header) => {
  expect(contentDisposition("attachment", name)).toBe(header);
});

test.each([`"><script>alert(1)</script>.png`, `a"\r\nSet-Cookie: a=b; x="y.png`, "'; DROP TABLE attachments; --.png"])(
  "%j travels as plain text, from upload to download",
  async (name) => {
    const attachment = await attached(await app.request(path, browserForm(name)));
    expect(attachment.file_name).toBe(cleanFileName(name, "png", isMediaExtension));
    const stored = await queryAll("SELECT file_name FROM attachments WHERE id = ?", attachment.id);
    expect(stored).toEqual([{ file_name: attachment.file_name }]);
    const response = await app.request(attachment.url, send(technician));
    expect(response.headers.get("set-cookie")).toBeNull();
    const disposition = response.headers.get("content-disposition") ?? "";
    expect(disposition).toMatch(/^inline; filename="[^"\\\r\n]*"; filename\*=UTF-8''[\w.!#$&+^`|~%-]+$/);
    expect(decodeURIComponent(disposition.split("''")[1] ?? "")).toBe(attachment.file_name);
    await response.arrayBuffer();
  },
);
