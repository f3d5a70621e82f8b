import fc, { type GeneratorValue } from "fast-check";

/** Draws from arbitraries of fast-check: the same seed, the same values. */
export type Draw = GeneratorValue;

/** The drawing hand of one request. */
export function drawOf(seed: number, index: number): Draw {
  const [draw] = fc.sample(fc.gen(), { seed: (seed * 1_000_003 + index) | 0, numRuns: 1 });
  if (!draw) throw new Error("nothing drawn");
  return draw;
}

// Left to itself fast-check prefers the ends of a range.
const even = (max: number) => fc.noBias(fc.nat(max));

/** Whether something happens that does so this often in a hundred. */
export const chance = (draw: Draw, percent: number): boolean => draw(even, 99) < percent;

/** One of these, each as likely as any other. */
export function pick<T>(draw: Draw, items: readonly [T, ...T[]] | readonly T[]): T {
  const index = draw(even, items.length - 1);
  return items[index] as T;
}

const text = (minLength: number, maxLength: number) =>
  fc.string({ unit: "grapheme-composite", minLength, maxLength, size: "max" });
const binary = (maxLength: number) => fc.string({ unit: "binary", maxLength });
const json = () => fc.jsonValue({ maxDepth: 3 });

const WORDS = [
  "Spindle vibrates above 8,000 rpm",
  "Fuite d'huile côté broche n° 3",
  "冷却液が漏れる",
  "تسرب الزيت",
  "👩‍🔧🔧 needs 2 × M8",
  '=HYPERLINK("https://shop.example","open")',
  "'; DROP TABLE tickets; --",
  "<img src=x onerror=alert(1)>",
  "line one\nline two\ttabbed",
  "  blanks at both ends  ",
  '%_*?\\ OR NEAR("',
];
// Composition makes the first of these shorter; the others grow.
const NORMALISED = ["e\u0301", "\u0958", "\ufb2c", "\u{1d160}", "\u0344", "A\u030a"];
const ODD = ["\u0000", "\ud800", "\u2028", "\u202e", "\ufeff", "\u200b", "\u00a0", "\u0007", "\uffff", "\u{10ffff}"];

/** Text of about that many code points: sentences, rare scripts, text that normalisation changes, either end of the range. */
export function drawText(draw: Draw, min: number, max: number): string {
  const kind = draw(even, 9);
  if (kind < 4) return [...pick(draw, WORDS)].slice(0, max).join("");
  if (kind < 6) return draw(text, min, Math.min(max, min + 40));
  if (kind === 6) return pick(draw, NORMALISED).repeat(pick(draw, [min, 5, Math.floor(max / 2), max]));
  if (kind === 7) return pick(draw, ["x", "é", "🔧"]).repeat(pick(draw, [min, max]));
  if (kind === 8) return `Noise ${pick(draw, ODD)} at the spindle`.slice(0, max);
  return [..."Spindle ".repeat(40)].slice(0, Math.max(min, 1)).join("");
}

/** Any JSON value, text beyond every limit and numbers at the edges among them. */
export function drawAny(draw: Draw): unknown {
  const kind = draw(even, 5);
  if (kind === 0) return pick(draw, [0, -1, -0, 0.5, 1e15, 2 ** 53 - 1, 2 ** 53, 1e21, 1e308, -(2 ** 63)]);
  if (kind === 1) return pick(draw, [null, true, "", " ", [], {}, "null", "1", "true", [null], [[]]]);
  if (kind === 2) return draw(binary, 60);
  if (kind === 3) return pick(draw, ODD).repeat(pick(draw, [1, 3, 6000]));
  return draw(json);
}

const matchers = new Map<string, fc.Arbitrary<string>>();
function matching(pattern: string): fc.Arbitrary<string> {
  const known = matchers.get(pattern) ?? fc.stringMatching(new RegExp(pattern));
  matchers.set(pattern, known);
  return known;
}
/** Text that a regular expression admits. */
export const drawMatching = (draw: Draw, pattern: string): string => draw(matching, pattern);

const integer = (min: number, max: number) => fc.integer({ min, max });
/** A whole number, either end more often than the rest. */
export const drawInteger = (draw: Draw, min: number, max: number): number => draw(integer, min, max);

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
export const drawBytes = (draw: Draw, maxLength: number): Uint8Array => draw(bytes, maxLength);
