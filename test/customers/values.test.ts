import { beforeAll, describe, expect, test } from "vitest";
import type { ProblemCode } from "../../src/problem.ts";
import { bindings, type Person, person, send, startApp } from "../helpers.ts";
import { expectRefusal } from "../problems.ts";
import { customerOf, customersOf } from "./api.ts";

const app = startApp();
let supervisor: Person;
const on = customersOf(app, () => supervisor);

beforeAll(async () => {
  supervisor = await person("supervisor");
});

describe("one number in every spelling is one number", () => {
  test.each([
    "514 555 0123",
    "(514) 555-0123",
    "514.555.0123",
    "514/555/0123",
    "5145550123",
    "1-514-555-0123",
    "+1 514 555 0123",
    "+1 (514) 555-0123",
    "+1\u2011514\u2011555\u20110123",
    "001 514 555 0123",
    "00 1 514 555 0123",
    "011 1 514 555 0123",
    "514\u00a0555\u00a00123",
    "514\u202f555\u202f0123",
    "\u202a+15145550123\u202c",
    "\u200e514 555 0123",
    "  514 555 0123\r\n",
    "５１４ ５５５ ０１２３",
  ])("%s", async (spelling) => {
    const { id, phone } = await on.create({ phone: "+15145550123" });
    expect(phone).toBe("+15145550123");
    expect(await customerOf(await on.patch(id, { whatsapp: spelling, phone: spelling }))).toMatchObject({
      phone,
      whatsapp: phone,
    });
    expect((await on.addMethod(id, { kind: "sms", value: spelling })).status).toBe(201);
    // Whatever way it was written, it is there already.
    expect((await on.addMethod(id, { kind: "phone", value: spelling })).status).toBe(200);
    expect(await on.reached(id)).toEqual(["phone +15145550123 *", "sms +15145550123", "whatsapp +15145550123 *"]);
  });
});

test.each([
  ["+33 6 12 34 56 78", "+33612345678"],
  ["+33 (0)6 12 34 56 78", "+33612345678"],
  ["011 33 6 12 34 56 78", "+33612345678"],
  ["00 33 6 12 34 56 78", "+33612345678"],
  ["+44 20 7946 0958", "+442079460958"],
  ["+49 30 123456", "+4930123456"],
  ["+39 06 1234 5678", "+390612345678"],
  ["1 800 555 0199", "+18005550199"],
])("%s is %s", async (text, value) => {
  expect(await on.create({ phone: text })).toMatchObject({ phone: value, whatsapp: value });
});

test("the region of numbers without a country code is a setting", async () => {
  const french = customersOf(startApp({}, bindings({ DEFAULT_REGION: "FR" })), () => supervisor);
  expect(await french.create({ phone: "06 12 34 56 78" })).toMatchObject({ phone: "+33612345678" });
  expect(await french.create({ phone: "+1 514 555 0123" })).toMatchObject({ phone: "+15145550123" });
});

const NO_NUMBERS = [
  "abc",
  "1-800-FLOWERS",
  "514 555 0123 Bob",
  "call 514 555 0123",
  "12",
  "911",
  "555-0123",
  "0",
  "+",
  "+1",
  "+999 123456",
  "+1 514 555 01234567",
  "+1 514 555 012",
  "000 000 0000",
  "+1 011 555 0123",
  "514 155 0123",
  "+15145550123+15145550124",
  "514 555 0123, 514 555 0124",
  "514-555-0123 ext. 5",
  "514-555-0123x5",
  "+1 514\n555 0123",
  "<b>514 555 0123</b>",
  "1".repeat(40),
];
const NO_ADDRESSES = [
  "jeanne",
  "jeanne@",
  "@atelier.example",
  "jeanne@atelier",
  "jeanne@@atelier.example",
  "jeanne roy@atelier.example",
  "jeanne@ate lier.example",
  "jeanne@atelier..example",
  ".jeanne@atelier.example",
  "Jeanne <jeanne@atelier.example>",
  "jeanne@atelier.example, b@c.example",
  "jeanne@atelier.example\r\nBcc: x@y.example",
  "jeanne\r\n@atelier.example",
  "jeanne%0d%0aBcc:x@y.example",
  "jeanne@atelier-.example",
  "\u212Aelvin@atelier.example",
  "jeanne@127.0.0.1",
  `${"j".repeat(65)}@atelier.example`,
  `j@${"a.".repeat(130)}example`,
];

describe("refused, with nothing written", () => {
  let id: number;
  beforeAll(async () => {
    ({ id } = await on.create({ phone: "514 555 0123", email: "jeanne@atelier.example" }));
  });

  /** Refused in a new customer, in a change and as a contact method, naming the member. */
  async function refused(member: string, kind: string, value: string, status: number, code: ProblemCode) {
    for (const [path, init, field] of [
      ["", send(supervisor, { name: "N", [member]: value }), member],
      [`/${id}`, send(supervisor, { [member]: value }, {}, "PATCH"), member],
      [`/${id}/contact-methods`, send(supervisor, { kind, value }), "value"],
    ] as const) {
      const problem = await expectRefusal(app, `/api/customers${path}`, init, status, code);
      expect(problem.errors?.map((error) => error.path)).toEqual([field]);
    }
  }

  test.each(NO_NUMBERS)("the number %j", async (value) => {
    // Only the region's plan knows which are numbers, so no schema can say it.
    await refused("phone", "phone", value, 422, "value_not_accepted");
    await refused("whatsapp", "sms", value, 422, "value_not_accepted");
  });

  test.each(NO_ADDRESSES)("the address %j", async (value) =>
    refused("email", "email", value, 400, "validation_failed"),
  );

  test.each(["\n", "\r\n", "\t", "\u0000", "\u001b", "\u0085", "\u2028"])(
    "a name or company with %j in it, which no mail header could take",
    async (character) => {
      const text = `Jeanne${character}Bcc: x@y.example`;
      const code = character === "\u0000" ? "invalid_text" : "validation_failed";
      for (const body of [{ name: text }, { name: "N", company: text }]) {
        await expectRefusal(app, "/api/customers", send(supervisor, body), 400, code);
        await expectRefusal(app, `/api/customers/${id}`, send(supervisor, body, {}, "PATCH"), 400, code);
      }
    },
  );

  test.each<[string, Record<string, unknown>]>([
    ["no name", {}],
    ["a blank name", { name: " \u00a0 " }],
    ["a name of 201 characters", { name: "é".repeat(201) }],
    ["a name that is none", { name: 5 }],
    ["a company of 201 characters", { name: "N", company: "c".repeat(201) }],
    ["notes of 5001 characters", { name: "N", notes: "n".repeat(5001) }],
    ["another language", { name: "N", language: "de" }],
    ["a number that is a number", { name: "N", phone: 5145550123 }],
    ["a number of 41 characters", { name: "N", phone: "1".repeat(41) }],
    ["archived as text", { name: "N", archived: "false" }],
  ])("%s", async (label, body) => {
    if (label !== "archived as text") {
      await expectRefusal(app, "/api/customers", send(supervisor, body), 400, "validation_failed");
    }
    if (label === "no name") return;
    await expectRefusal(app, `/api/customers/${id}`, send(supervisor, body, {}, "PATCH"), 400, "validation_failed");
  });

  test.each<[string, string, string, unknown]>([
    ["an unknown kind", "POST", "contact-methods", { kind: "fax", value: "514 555 0123" }],
    ["no kind", "POST", "contact-methods", { value: "514 555 0123" }],
    ["no value", "POST", "contact-methods", { kind: "phone", value: " " }],
    ["a number for an address", "POST", "contact-methods", { kind: "email", value: "514 555 0123" }],
    ["an unknown channel", "POST", "contact-history", { channel: "fax", direction: "inbound", summary: "S" }],
    ["an unknown direction", "POST", "contact-history", { channel: "phone", direction: "up", summary: "S" }],
    ["an empty summary", "POST", "contact-history", { channel: "phone", direction: "inbound", summary: " " }],
    [
      "a summary of 2001 characters",
      "POST",
      "contact-history",
      {
        channel: "phone",
        direction: "inbound",
        summary: "s".repeat(2001),
      },
    ],
    ["half of the preferences", "PUT", "contact-preferences", { preferred_channel: "email" }],
  ])("%s", async (_, method, path, body) => {
    const init = send(supervisor, body, {}, method);
    await expectRefusal(app, `/api/customers/${id}/${path}`, init, 400, "validation_failed");
  });

  test.each([
    ["24:00", "08:00"],
    ["8:00", "09:00"],
    ["22:60", "08:00"],
    ["22:00", null],
    [null, "08:00"],
    ["22:00\n", "08:00"],
    [2200, "08:00"],
  ])("quiet hours from %j until %j", async (quiet_from, quiet_until) => {
    const init = send(supervisor, { ...PREFERENCES, quiet_from, quiet_until }, {}, "PUT");
    await expectRefusal(app, `/api/customers/${id}/contact-preferences`, init, 400, "validation_failed");
  });

  test("quiet hours that end when they begin", async () => {
    const init = send(supervisor, { ...PREFERENCES, quiet_from: "22:00", quiet_until: "22:00" }, {}, "PUT");
    const path = `/api/customers/${id}/contact-preferences`;
    const { errors } = await expectRefusal(app, path, init, 422, "value_not_accepted");
    expect(errors).toEqual([{ path: "quiet_until", message: "must differ from quiet_from" }]);
  });

  test("a body of 1 MB, what is no JSON, and another type", async () => {
    for (const [path, method] of [
      ["", "POST"],
      [`/${id}`, "PATCH"],
      [`/${id}/contact-methods`, "POST"],
      [`/${id}/contact-history`, "POST"],
      [`/${id}/contact-preferences`, "PUT"],
    ] as const) {
      const at = `/api/customers${path}`;
      const big = send(supervisor, { name: "N", notes: "n".repeat(1_048_576) }, {}, method);
      await expectRefusal(app, at, big, 413, "payload_too_large");
      await expectRefusal(app, at, { ...big, body: "{" }, 400, "invalid_json");
      const typed = send(supervisor, {}, { "content-type": "text/plain" }, method);
      await expectRefusal(app, at, typed, 415, "unsupported_media_type");
    }
  });
});

const PREFERENCES = {
  preferred_channel: "sms",
  allow_email: false,
  allow_sms: true,
  allow_whatsapp: false,
  allow_phone: true,
  quiet_from: "22:00",
  quiet_until: "07:30",
};

test("texts at their bounds are stored whole, in NFC", async () => {
  const body = { name: "\u{1F527}".repeat(200), company: "e\u0301".repeat(200), notes: "n".repeat(5000) };
  expect(await on.create(body)).toMatchObject({ ...body, company: "é".repeat(200) });
});

test("preferences are replaced whole, and quiet hours may cross midnight", async () => {
  const { id } = await on.create();
  const preferences = async () => {
    const response = await on.get(`${id}/contact-preferences`);
    return ((await response.json()) as { contact_preferences: unknown }).contact_preferences;
  };
  const defaults = {
    preferred_channel: "email",
    allow_email: true,
    allow_sms: true,
    allow_whatsapp: true,
    allow_phone: true,
    quiet_from: null,
    quiet_until: null,
  };
  expect(await preferences()).toEqual(defaults);
  const response = await on.putPreferences(id, { ...PREFERENCES, customer_id: 1 });
  expect({ status: response.status, body: await response.json() }).toEqual({
    status: 200,
    body: { contact_preferences: PREFERENCES },
  });
  expect(await preferences()).toEqual(PREFERENCES);
  expect((await on.putPreferences(id, defaults)).status).toBe(200);
  expect(await preferences()).toEqual(defaults);
});
