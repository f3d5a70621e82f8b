import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { execute, machine, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { appWith, attached, expectCode, fileRequest, newTicket, traces } from "./api.ts";
import { ALLOWED } from "./files.ts";

const app = startApp();
let technician: Person;
let ticket: { id: number; ticket_id: string };

beforeAll(async () => {
  technician = await person("technician");
  ticket = await newTicket(app, technician, await machine("CNC"));
});

type Part = string | Uint8Array<ArrayBuffer>;

/** A photo with further parts in its form. */
function photo(parts: [name: string, part: Part][], headers: Record<string, string> = {}): RequestInit {
  const init = fileRequest(technician, ALLOWED.png, "photo.png", headers);
  for (const [name, part] of parts) {
    (init.body as FormData).append(name, typeof part === "string" ? part : new File([part], "small"));
  }
  return init;
}
const small = (bytes: Uint8Array<ArrayBuffer> = ALLOWED.jpg): [string, Part] => ["thumbnail", bytes];
const post = (init: RequestInit, on = app) => on.request(`/api/tickets/${ticket.id}/attachments`, init);
const get = (url: string, headers: Record<string, string> = {}, method = "GET") =>
  app.request(url, send(technician, undefined, headers, method));

async function expectNothing(response: () => Promise<Response>, status: number, code: string) {
  const before = await traces();
  await expectCode(await response(), status, code);
  expect(await traces()).toEqual(before);
}

/** An image that is as long as this, as far as a detector looks. */
const imageOf = (length: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(length);
  bytes.set(ALLOWED.jpg);
  return bytes;
};

test("a thumbnail comes with its file, and is served beside it, for good", async () => {
  const parts: [string, Part][] = [small(), ["width", "1600"], ["height", "1200"]];
  const { id, thumbnail_url, width, height, url } = await attached(await post(photo(parts)));
  expect({ thumbnail_url, width, height }).toEqual({
    thumbnail_url: `/api/attachments/${id}/thumbnail`,
    width: 1600,
    height: 1200,
  });
  for (const [path, type, bytes] of [
    [`/api/attachments/${id}/thumbnail`, "image/jpeg", ALLOWED.jpg],
    [url, "image/png", ALLOWED.png],
  ] as const) {
    const response = await get(path);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, type]);
    expect(response.headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
    expect(response.headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(new Uint8Array(bytes));
    const tag = response.headers.get("etag") ?? "";
    const again = await get(path, { "if-none-match": tag });
    expect([again.status, again.headers.get("cache-control")]).toEqual([304, "private, max-age=31536000, immutable"]);
    const head = await get(path, {}, "HEAD");
    expect([head.status, head.headers.get("etag"), await head.text()]).toEqual([200, tag, ""]);
  }
  const list = (await (await get(`/api/tickets/${ticket.id}/attachments`)).json()) as { attachments: object[] };
  expect(list.attachments.at(-1)).toMatchObject({ id, width, height, thumbnail_url });
});

test("a file without one has none, and neither has a file of a deleted ticket", async () => {
  const bare = await attached(await post(photo([])));
  expect(bare).toMatchObject({ thumbnail_url: null, width: null, height: null });
  await expectCode(await get(`/api/attachments/${bare.id}/thumbnail`), 404, "attachment_not_found");
  await expectCode(await get("/api/attachments/999999/thumbnail"), 404, "attachment_not_found");

  const doomed = await newTicket(app, technician, await machine("LAT"));
  const response = await app.request(`/api/tickets/${doomed.id}/attachments`, photo([small()]));
  const { thumbnail_url } = await attached(response);
  await execute(`UPDATE tickets SET deleted_at = created_at WHERE id = ${doomed.id}`);
  await expectCode(await get(thumbnail_url ?? ""), 404, "attachment_not_found");
});

describe("is refused, with its file", () => {
  test.each<[string, [string, Part][], number, string]>([
    ["one of more than 64 KiB", [small(imageOf(64 * 1024 + 1))], 413, "payload_too_large"],
    ["one that is no picture", [small(ALLOWED.pdf)], 415, "unsupported_media_type"],
    ["one that is nothing at all", [small(new Uint8Array())], 415, "unsupported_media_type"],
    ["one as text", [["thumbnail", "small"]], 400, "validation_failed"],
    ["two of them", [small(), small()], 400, "validation_failed"],
    ["no number of pixels", [["width", "wide"]], 400, "validation_failed"],
    ["no pixels", [["height", "0"]], 400, "validation_failed"],
  ])("%s", async (_, parts, status, code) => {
    await expectNothing(() => post(photo(parts)), status, code);
  });
});

test("one of exactly 64 KiB is taken, with a file of exactly 10 MiB", async () => {
  const init = fileRequest(technician, imageOf(10 * 1024 * 1024), "large.jpg");
  (init.body as FormData).append("thumbnail", new File([imageOf(64 * 1024)], "small"));
  const { thumbnail_url, size_bytes } = await attached(await post(init));
  expect(size_bytes).toBe(10 * 1024 * 1024);
  expect((await (await get(thumbnail_url ?? "")).arrayBuffer()).byteLength).toBe(64 * 1024);
});

test("repeated under its key it is answered as at first; with another thumbnail that is another request", async () => {
  const headers = { "idempotency-key": "small-1" };
  const first = await (await post(photo([small()], headers))).text();
  const before = await traces();
  const again = await post(photo([small()], headers));
  expect([again.headers.get("idempotency-replayed"), await again.text()]).toEqual(["true", first]);
  await expectCode(await post(photo([small(ALLOWED.webp)], headers)), 422, "idempotency_key_reused");
  expect(await traces()).toEqual(before);
});

test("a storage that takes one of the two keeps neither, and neither stays when the batch fails", async () => {
  const put = async (...args: Parameters<R2Bucket["put"]>) => {
    if (args[0].endsWith(".thumbnail")) throw new Error("put: Unspecified error (10001)");
    return env.ATTACHMENTS.put(...args);
  };
  const failing = { put, delete: env.ATTACHMENTS.delete.bind(env.ATTACHMENTS) };
  await expectNothing(() => post(photo([small()]), appWith({ ATTACHMENTS: failing })), 503, "storage_unavailable");
  await execute("CREATE TRIGGER fault BEFORE INSERT ON attachments BEGIN SELECT RAISE(ABORT, 'injected'); END");
  await expectNothing(() => post(photo([small()])), 500, "internal_error");
  await execute("DROP TRIGGER fault");
  expect(await queryAll("SELECT name FROM sqlite_master WHERE name = 'fault'")).toEqual([]);
});
