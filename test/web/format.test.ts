import { beforeEach, describe, expect, test } from "vitest";
import { bytes, moment, now, since, timeZone } from "../../src/web/words/format.ts";
import { language } from "../../src/web/words/words.ts";

const NOW = "2026-11-26T15:00:00.000Z";

beforeEach(() => {
  now.value = Date.parse(NOW);
  timeZone.value = "America/Toronto";
  language.value = "en";
});

describe("moments are told in the shop's zone", () => {
  test.each([
    ["2026-11-26T12:03:00Z", "today 07:03", "aujourd’hui 07:03"],
    ["2026-11-26T05:00:00Z", "today 00:00", "aujourd’hui 00:00"],
    ["2026-11-26T04:59:00Z", "yesterday 23:59", "hier 23:59"],
    ["2026-11-23T14:00:00Z", "Mon 09:00", "lun. 09:00"],
    ["2026-11-12T14:00:00Z", "Nov 12 09:00", "12 nov. 09:00"],
    ["2025-11-12T14:00:00Z", "Nov 12, 2025 09:00", "12 nov. 2025 09:00"],
    ["2026-11-28T14:00:00Z", "Nov 28 09:00", "28 nov. 09:00"],
  ])("%s", (at, en, fr) => {
    expect(moment(at).replace("Mon.", "Mon").replace("Nov.", "Nov")).toBe(en);
    language.value = "fr";
    expect(moment(at)).toBe(fr);
  });
});

test.each([
  ["2026-11-26T15:00:30Z", "0\u202fmin"],
  ["2026-11-26T14:53:00Z", "7\u202fmin"],
  ["2026-11-26T13:48:00Z", "1\u202fh\u202f12"],
  ["2026-11-25T15:00:00Z", "1\u202fd"],
  ["2026-11-23T10:30:00Z", "3\u202fd 4\u202fh"],
])("since %s it is %s", (at, text) => {
  expect(since(at)).toBe(text);
});

test.each([
  [1, "1\u202fkB", "1\u202fko"],
  [410_000, "410\u202fkB", "410\u202fko"],
  [1_234_567, "1.2\u202fMB", "1,2\u202fMo"],
])("%i bytes are %s", (count, en, fr) => {
  expect(bytes(count)).toBe(en);
  language.value = "fr";
  expect(bytes(count)).toBe(fr);
});
