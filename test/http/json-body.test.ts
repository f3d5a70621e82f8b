import { beforeAll, describe, expect, test } from "vitest";
import type { ProblemCode } from "../../src/problem.ts";
import { at, machine, type Person, person, startApp } from "../helpers.ts";
import { expectRefusal } from "../problems.ts";
import { createdTicket } from "../tickets/api.ts";

const app = startApp(at("2026-11-20T15:00:00.000Z"));
let technician: Person;
let machine_id: number;

beforeAll(async () => {
  technician = await person("technician");
  machine_id = await machine("CNC");
});

const LIMIT = 256 * 1024;
type Body = NonNullable<RequestInit["body"]>;

const raw = (body: Body | undefined, contentType: string | null = "application/json"): RequestInit => ({
  method: "POST",
  headers: {
    authorization: `Bearer ${technician.token}`,
    ...(contentType !== null && { "content-type": contentType }),
  },
  ...(body !== undefined && { body }),
});

const refuse = (init: RequestInit, status: number, code: ProblemCode) =>
  expectRefusal(app, "/api/tickets", init, status, code);

describe("a body that is not strict JSON is refused", () => {
  const bytes = (...values: number[]) => new Uint8Array(values);
  test.each<[string, Body | undefined]>([
    ["no body", undefined],
    ["an empty body", ""],
    ["spaces only", " \n\t "],
    ["half an object", '{"title":"Spindle'],
    ["a trailing comma", '{"title":"Spindle",}'],
    ["single quotes", "{'title':'Spindle'}"],
    ["a comment", '{"title":"Spindle" /* vibrates */}'],
    ["unquoted names", "{title:1}"],
    ["two documents", '{"a":1}{"b":2}'],
    ["NaN", '{"machine_id":NaN}'],
    ["a hexadecimal number", '{"machine_id":0x10}'],
    ["a leading zero", '{"machine_id":01}'],
    ["a form", "title=Spindle&machine_id=1"],
    ["a raw line break in a string", '{"title":"Spin\ndle"}'],
    ["bytes that are not UTF-8", bytes(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d)],
    ["overlong UTF-8", bytes(0x22, 0xc0, 0x80, 0x22)],
    ["a surrogate in UTF-8", bytes(0x22, 0xed, 0xa0, 0x80, 0x22)],
    ["UTF-16", new Uint8Array(new Uint16Array([0xfeff, 0x7b, 0x7d]).buffer)],
    ["arrays opened 200,000 deep", "[".repeat(200_000)],
    ["arrays nested 100,000 deep", "[".repeat(100_000) + "]".repeat(100_000)],
    ["objects nested 30,000 deep", `${'{"a":'.repeat(30_000)}1${"}".repeat(30_000)}`],
    ["arrays nested 33 deep", `{"title":${"[".repeat(33)}${"]".repeat(33)}}`],
  ])("%s", async (_, body) => {
    await refuse(raw(body), 400, "invalid_json");
  });

  test("arrays nested 200,000 deep are over the size limit", async () => {
    await refuse(raw("[".repeat(200_000) + "]".repeat(200_000)), 413, "payload_too_large");
  });
});

describe("JSON that is no object is refused", () => {
  test.each(["null", "[]", "true", "42", '"title"', "[{}]", '[{"title":"Spindle vibrates","machine_id":1}]'])(
    "%s",
    async (body) => {
      await refuse(raw(body), 400, "validation_failed");
    },
  );
});

describe("a member name that occurs twice is refused", () => {
  test.each([
    ["at the top", (id: number) => `{"title":"First","machine_id":${id},"title":"Second"}`],
    ["with equal values", (id: number) => `{"title":"Alarm","title":"Alarm","machine_id":${id}}`],
    ["spelled with an escape", (id: number) => `{"title":"First","machine_id":${id},"\\u0074itle":"Second"}`],
    ["among unknown members", (id: number) => `{"title":"Alarm","machine_id":${id},"x":1,"x":2}`],
    ["in a nested object", (id: number) => `{"title":"Alarm","machine_id":${id},"x":{"y":1,"y":2}}`],
    ["in an object of an array", (id: number) => `{"title":"Alarm","machine_id":${id},"x":[{"y":1,"y":2}]}`],
    ["named __proto__", (id: number) => `{"title":"Alarm","machine_id":${id},"__proto__":1,"__proto__":2}`],
  ])("%s", async (_, body) => {
    const problem = await refuse(raw(body(machine_id)), 400, "invalid_json");
    expect(problem.detail).toContain("duplicate");
  });

  test("texts that look like names do not count", async () => {
    const body = `{"title":"\\"title\\": \\"title\\":","description":"{\\"title\\":1}","machine_id":${machine_id},"x":{"title":["title"]},"y":{"title" : ":"}}`;
    expect((await createdTicket(await app.request("/api/tickets", raw(body)))).title).toBe('"title": "title":');
  });
});

describe("NUL and unpaired surrogates are refused wherever they stand", () => {
  test.each([
    ["NUL in a value", '"title":"Spindle\\u0000 vibrates"'],
    ["NUL at the end, where trimming could hide it", '"title":"Spindle vibrates\\u0000"'],
    ["NUL in a name", '"title":"Alarm","x\\u0000":1'],
    ["NUL in an unknown member", '"title":"Alarm","x":"\\u0000"'],
    ["NUL in a nested array", '"title":"Alarm","x":[["\\u0000"]]'],
    ["a high surrogate alone", '"title":"Spindle \\ud83d vibrates"'],
    ["a low surrogate alone", '"title":"Spindle \\udd27 vibrates"'],
    ["surrogates the wrong way round", '"title":"Spindle \\udd27\\ud83d"'],
    ["a surrogate in a name", '"title":"Alarm","\\ud800":1'],
    ["a surrogate in the description", '"title":"Alarm","description":"\\udfff"'],
  ])("%s", async (_, members) => {
    await refuse(raw(`{${members},"machine_id":${machine_id}}`), 400, "invalid_text");
  });

  test("a paired escape is one character", async () => {
    const response = await app.request(
      "/api/tickets",
      raw(`{"title":"Key \\ud83d\\udd27","machine_id":${machine_id}}`),
    );
    expect((await createdTicket(response)).title).toBe("Key 🔧");
  });
});

describe("only application/json is accepted", () => {
  const body = () => JSON.stringify({ title: "Spindle vibrates", machine_id });
  test.each([
    null,
    "",
    "text/plain",
    "text/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonp",
    "application/json-patch+json",
    "application/problem+json",
    "application/xml, application/json",
  ])("%s is refused", async (contentType) => {
    const bytes = new TextEncoder().encode(body());
    await refuse(raw(bytes, contentType), 415, "unsupported_media_type");
  });

  test.each([
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON;charset=UTF-8",
    'application/json; charset="utf-8"',
    // RFC 9110 section 5.6.6: space before the semicolon and an empty parameter are allowed.
    "application/json ; charset=utf-8",
    "application/json;",
  ])("%s is accepted", async (contentType) => {
    await createdTicket(await app.request("/api/tickets", raw(body(), contentType)));
  });

  test("a malformed parameter is at worst an unsupported media type", async () => {
    const response = await app.request("/api/tickets", raw(body(), "application/json; charset"));
    expect([201, 415]).toContain(response.status);
  });
});

describe("a body holds at most 256 KiB", () => {
  /** A valid body of exactly `size` bytes, two bytes per character where it matters. */
  const bodyOf = (size: number) => {
    const start = `{"title":"Large body","machine_id":${machine_id},"ignored":"`;
    return `${start}${"é".repeat(1000)}${"x".repeat(size - start.length - 2000 - 2)}"}`;
  };
  const streamed = (text: string) => new Blob([text]).stream();
  const withLength = (text: string): RequestInit => {
    const init = raw(text);
    return { ...init, headers: { ...init.headers, "content-length": String(new Blob([text]).size) } };
  };

  test.each([
    ["without content-length", (text: string) => raw(text)],
    ["with content-length", withLength],
    ["streamed", (text: string) => raw(streamed(text))],
  ])("%s, the last byte that fits is accepted and the next one is not", async (_, init) => {
    expect(new Blob([bodyOf(LIMIT)]).size).toBe(LIMIT);
    await createdTicket(await app.request("/api/tickets", init(bodyOf(LIMIT))));
    await refuse(init(bodyOf(LIMIT + 1)), 413, "payload_too_large");
    await refuse(init(bodyOf(4 * LIMIT)), 413, "payload_too_large");
  });

  test.each([
    ["one string", (size: number) => `"${"x".repeat(size - 2)}"`],
    ["many escapes", (size: number) => `"${"\\\\".repeat((size - 2) / 2)}"`],
    ["many quotes", (size: number) => `[${'"",'.repeat(size / 3 - 2)}""]`],
    ["many small numbers", (size: number) => `[${"1,".repeat(size / 2 - 2)}1]`],
    ["one number", (size: number) => "1".repeat(size)],
    ["white space", (size: number) => `{}${" ".repeat(size - 2)}`],
  ])("%s of full length is answered like any other wrong body", async (_, body) => {
    await refuse(raw(body(LIMIT)), 400, "validation_failed");
  });
});
