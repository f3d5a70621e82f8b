import { describe, expect, test } from "vitest";
import { localDate, localDays } from "../../src/time/days.ts";
import { instantOf, isTimeZone, wallClock } from "../../src/time/zone.ts";

const HOUR_MS = 60 * 60_000;
const spans = (from: string, to: string, zone: string) =>
  localDays(new Date(from), new Date(to), zone).map(({ day, start, end }) => [
    day,
    start.toISOString(),
    (end.getTime() - start.getTime()) / HOUR_MS,
  ]);

describe("the local days of a span", () => {
  test("are whole, and 23 or 25 hours long where the clock changes", () => {
    expect(spans("2026-03-07T12:00:00Z", "2026-03-09T12:00:00Z", "America/Toronto")).toEqual([
      ["2026-03-07", "2026-03-07T05:00:00.000Z", 24],
      ["2026-03-08", "2026-03-08T05:00:00.000Z", 23],
      ["2026-03-09", "2026-03-09T04:00:00.000Z", 24],
    ]);
    expect(spans("2026-11-01T03:59:59.999Z", "2026-11-02T05:00:00Z", "America/Toronto")).toEqual([
      ["2026-10-31", "2026-10-31T04:00:00.000Z", 24],
      ["2026-11-01", "2026-11-01T04:00:00.000Z", 25],
    ]);
  });

  test("begin where the clock first shows them: at 01:00 where midnight is skipped, once where it comes twice", () => {
    expect(spans("2018-11-04T12:00:00Z", "2018-11-04T13:00:00Z", "America/Sao_Paulo")).toEqual([
      ["2018-11-04", "2018-11-04T03:00:00.000Z", 23],
    ]);
    expect(spans("2009-10-29T12:00:00Z", "2009-10-31T12:00:00Z", "Asia/Amman")).toEqual([
      ["2009-10-29", "2009-10-28T21:00:00.000Z", 24],
      ["2009-10-30", "2009-10-29T21:00:00.000Z", 25],
      ["2009-10-31", "2009-10-30T22:00:00.000Z", 24],
    ]);
  });

  test("do not have a date that the zone never had", () => {
    expect(spans("2011-12-29T12:00:00Z", "2012-01-01T00:00:00Z", "Pacific/Apia").map(([day]) => day)).toEqual([
      "2011-12-29",
      "2011-12-31",
      "2012-01-01",
    ]);
  });

  test("are none of an empty span, and end where the years of the API do", () => {
    expect(spans("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "UTC")).toEqual([]);
    expect(spans("2099-12-31T23:00:00Z", "2099-12-31T23:59:59.999Z", "Asia/Tokyo")).toEqual([
      ["2100-01-01", "2099-12-31T15:00:00.000Z", 24],
    ]);
  });

  test.each(["America/Toronto", "Europe/Paris", "Australia/Lord_Howe", "Asia/Gaza", "America/Havana", "UTC"])(
    "follow one another without a gap in %s, each with its own date",
    (zone) => {
      const days = localDays(new Date("2022-01-01T00:00:00Z"), new Date("2027-01-01T00:00:00Z"), zone);
      expect(days.length).toBeGreaterThanOrEqual(1826);
      for (const [index, { day, start, end }] of days.entries()) {
        expect(localDate(start, zone)).toBe(day);
        expect(localDate(new Date(end.getTime() - 1), zone)).toBe(day);
        expect(localDate(new Date(start.getTime() - 1), zone) < day).toBe(true);
        expect(days[index + 1]?.start ?? end).toEqual(end);
      }
    },
  );
});

// What Intl itself says of the same instants.
test.each(["America/Toronto", "America/St_Johns", "Europe/Dublin", "Australia/Lord_Howe", "Antarctica/Troll"])(
  "clocks in %s show what they show, and are found again",
  (timeZone) => {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    });
    for (let at = Date.UTC(2026, 0); at < Date.UTC(2027, 0); at += 31 * 60_000 * 7) {
      const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
      const { year = 0, month = 0, day, hour, minute } = parts;
      const wall = wallClock(at, timeZone);
      expect(wall.getTime()).toBe(Date.UTC(year, month - 1, day, hour, minute));
      const twins = (["earlier", "later"] as const).map((which) => instantOf(wall, timeZone, which).getTime());
      expect(twins).toContain(at);
    }
  },
);

test("of two instants the first is meant, and a skipped time is moved on", () => {
  const found = (wall: string, zone: string, which?: "earlier" | "later") =>
    instantOf(new Date(`${wall}Z`), zone, which).toISOString();
  for (const [zone, twice, hours, skipped, moved, back] of [
    ["America/Toronto", "2026-11-01T01:30", [5, 6], "2026-03-08T02:30", "07:30", "06:30"],
    ["Europe/Paris", "2026-10-25T02:30", [0, 1], "2026-03-29T02:30", "01:30", "00:30"],
  ] as const) {
    expect(found(twice, zone)).toBe(`${twice.slice(0, 10)}T0${hours[0]}:30:00.000Z`);
    expect(found(twice, zone, "earlier")).toBe(`${twice.slice(0, 10)}T0${hours[0]}:30:00.000Z`);
    expect(found(twice, zone, "later")).toBe(`${twice.slice(0, 10)}T0${hours[1]}:30:00.000Z`);
    expect(found(skipped, zone)).toBe(`${skipped.slice(0, 10)}T${moved}:00.000Z`);
    expect(found(skipped, zone, "later")).toBe(`${skipped.slice(0, 10)}T${moved}:00.000Z`);
    expect(found(skipped, zone, "earlier")).toBe(`${skipped.slice(0, 10)}T${back}:00.000Z`);
  }
});

test.each([
  ["America/Toronto", true],
  ["UTC", true],
  ["Mars/Olympus_Mons", false],
  ["", false],
])("%j is a zone: %s", (name, expected) => {
  expect(isTimeZone(name)).toBe(expected);
});
