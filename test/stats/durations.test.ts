import fc from "fast-check";
import { expect, test } from "vitest";
import { summarize } from "../../src/stats/durations.ts";

/** The values at nearest rank, by sorting. */
function sorted(values: number[]) {
  const inOrder = values.toSorted((a, b) => a - b);
  const at = (tenths: number) => {
    const value = inOrder[Math.ceil((values.length * tenths) / 10) - 1];
    return value === undefined ? null : value / 1000;
  };
  return { count: values.length, median_seconds: at(5), p90_seconds: at(9) };
}

test.each<[string, (values: fc.Arbitrary<number>) => fc.Arbitrary<number[]>]>([
  ["any", (values) => fc.array(values, { maxLength: 200 })],
  ["rising", (values) => fc.array(values, { maxLength: 200 }).map((all) => all.toSorted((a, b) => a - b))],
  ["falling", (values) => fc.array(values, { maxLength: 200 }).map((all) => all.toSorted((a, b) => b - a))],
])("median and ninth decile of values in %s order are those that sorting finds", (_, arrays) => {
  for (const most of [2, 50, 160_000_000_000]) {
    fc.assert(
      fc.property(arrays(fc.nat(most)), (values) => {
        const before = [...values];
        expect(summarize(values)).toEqual(sorted(values));
        expect(values).toEqual(before);
      }),
    );
  }
});

test("a hundred thousand equal, rising or falling values are summed up alike", () => {
  const COUNT = 100_000;
  const rising = Array.from({ length: COUNT }, (_, index) => index);
  expect(summarize(new Array<number>(COUNT).fill(7000))).toEqual({ count: COUNT, median_seconds: 7, p90_seconds: 7 });
  expect(summarize(rising)).toEqual(sorted(rising));
  expect(summarize(rising.toReversed())).toEqual(sorted(rising));
});
