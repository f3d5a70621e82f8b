import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { execute, machine, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { appWith, attached, expectCode, fileRequest, newTicket } from "./api.ts";
import { ALLOWED, film } from "./files.ts";

const app = startApp();
const FILM = film(3000);
let technician: Person;
let operator: Person;
let ticket: { id: number; ticket_id: string };
let url: string;

beforeAll(async () => {
  technician = await person("technician");
  operator = await person("operator");
  ticket = await newTicket(app, technician, await machine("CNC"));
  url = (await attach(FILM, "film.mp4")).url;
});

const attach = async (bytes: Uint8Array<ArrayBuffer>, name: string) =>
  attached(await app.request(`/api/tickets/${ticket.id}/attachments`, fileRequest(technician, bytes, name)));

const get = (headers: Record<string, string> = {}, method = "GET", path = url) =>
  app.request(path, send(operator, undefined, headers, method));

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

test("the whole file, in its own type, with nothing that a browser could be talked into", async () => {
  const response = await get();
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "video/mp4",
    "content-length": "3000",
    "content-disposition": `inline; filename="film.mp4"; filename*=UTF-8''film.mp4`,
    "content-security-policy": "sandbox; default-src 'none'",
    "x-content-type-options": "nosniff",
    "accept-ranges": "bytes",
    etag: expect.stringMatching(/^"[0-9a-f]{64}"$/),
  });
  expect(response.headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
  expect(await bytesOf(response)).toEqual(FILM);
});

test("a PDF is saved rather than opened", async () => {
  const { url } = await attach(ALLOWED.pdf, "manual.pdf");
  const response = await get({}, "GET", url);
  expect(response.headers.get("content-disposition")).toMatch(/^attachment; filename="manual\.pdf"/);
  await response.arrayBuffer();
});

test.each([
  ["bytes=0-99", 0, 99],
  ["bytes=100-100", 100, 100],
  ["bytes=2990-", 2990, 2999],
  ["bytes=-10", 2990, 2999],
  ["bytes=0-999999", 0, 2999],
  ["bytes=-999999", 0, 2999],
  ["BYTES=5-6", 5, 6],
])("Range %s gets bytes %i to %i", async (range, first, last) => {
  const response = await get({ range });
  expect(response.status).toBe(206);
  expect(response.headers.get("content-range")).toBe(`bytes ${first}-${last}/3000`);
  expect(response.headers.get("content-length")).toBe(String(last - first + 1));
  expect(await bytesOf(response)).toEqual(FILM.slice(first, last + 1));
});

test.each(["bytes=3000-", "bytes=3000-3001", "bytes=-0", "bytes=99999999999-"])(
  "Range %s is not satisfiable",
  async (range) => {
    const response = await get({ range });
    expect(response.headers.get("content-range")).toBe("bytes */3000");
    await expectCode(response, 416, "range_not_satisfiable");
  },
);

test.each(["bytes=5-2", "bytes=-", "bytes=a-b", "items=0-1", "bytes=0-1,5-6", "bytes=0-1-2", "bytes"])(
  "Range %s is ignored",
  async (range) => {
    const response = await get({ range });
    expect(response.status).toBe(200);
    expect(await bytesOf(response)).toEqual(FILM);
  },
);

test("If-None-Match saves the transfer, If-Range guards a part against another file", async () => {
  const etag = (await get({}, "HEAD")).headers.get("etag") ?? "";
  const unchanged = await get({ "if-none-match": `"x", ${etag}` });
  expect([unchanged.status, await unchanged.text()]).toEqual([304, ""]);
  const part = await get({ range: "bytes=0-1", "if-range": etag });
  expect([part.status, (await bytesOf(part)).length]).toEqual([206, 2]);
  const whole = await get({ range: "bytes=0-1", "if-range": '"another"' });
  expect([whole.status, (await bytesOf(whole)).length]).toEqual([200, 3000]);
});

test("HEAD tells the same without the file", async () => {
  const response = await get({}, "HEAD");
  expect([response.status, await response.text()]).toEqual([200, ""]);
  expect(response.headers.get("content-type")).toBe("video/mp4");
});

test("only the signed-in may read", async () => {
  await expectCode(await app.request(url), 401, "unauthorized");
  await expectCode(await app.request(url, { headers: { authorization: "Bearer x" } }), 401, "unauthorized");
});

test("unknown ids, and files of a deleted ticket, are not found", async () => {
  await expectCode(await get({}, "GET", "/api/attachments/999999"), 404, "attachment_not_found");
  for (const bad of ["0", "-1", "1.5", "x", "99999999999999999999"]) {
    await expectCode(await get({}, "GET", `/api/attachments/${bad}`), 400, "validation_failed");
  }
  const other = await newTicket(app, technician, await machine("LAT"));
  const init = fileRequest(technician, ALLOWED.png);
  const attachment = await attached(await app.request(`/api/tickets/${other.id}/attachments`, init));
  await execute(`UPDATE tickets SET deleted_at = created_at WHERE id = ${other.id}`);
  await expectCode(await get({}, "GET", attachment.url), 404, "attachment_not_found");
  expect(await queryAll("SELECT id FROM attachments WHERE id = ?", attachment.id)).toHaveLength(1);
});

test("an object that is gone is not found; a storage that fails says so", async () => {
  const { url, id } = await attach(ALLOWED.gif, "gone.gif");
  const [row] = await queryAll<{ object_key: string }>("SELECT object_key FROM attachments WHERE id = ?", id);
  await env.ATTACHMENTS.delete(row?.object_key ?? "");
  await expectCode(await get({}, "GET", url), 404, "attachment_not_found");
  const get503 = async () => {
    throw new Error("get: internal error");
  };
  const failing = appWith({ ATTACHMENTS: { get: get503 } });
  await expectCode(await failing.request(url, send(operator)), 503, "storage_unavailable");
});
