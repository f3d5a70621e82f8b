/** Texts of so many bytes are never cut: ids, numbers of tickets, states, instants. */
const KEPT_BYTES = 40;
/** A character of several code points, such as a family of emojis, is kept whole up to this many code units. */
const CHARACTER_UNITS = 64;

/** The members that stand for a text that was cut. */
type Mark = (name: string, text: string) => Record<string, unknown>;

const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** The longest beginning of a text that takes at most `limit` bytes as JSON, its quotes included. */
export function cutText(text: string, limit: number): string {
  let left = limit - 2;
  let end = 0;
  for (const codePoint of text) {
    left -= jsonBytes(codePoint) - 2;
    if (left < 0) break;
    end += codePoint.length;
  }
  const whole = new Intl.Segmenter().segment(text).containing(end)?.index ?? end;
  return text.slice(0, whole > 0 && end - whole <= CHARACTER_UNITS ? whole : end);
}

/** The members of an object and of those inside it, deepest last. */
function* members(value: unknown): Generator<[name: string, value: unknown]> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    yield [name, inner];
    yield* members(inner);
  }
}

/** Bytes that the longest texts may keep, all of them alike, when together they have `room`. */
function fairShare(sizes: number[], room: number): number {
  let left = room;
  const ascending = sizes.sort((a, b) => a - b);
  for (const [index, size] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - index));
    if (size > share) return share;
    left -= size;
  }
  return Number.POSITIVE_INFINITY;
}

function cutMembers(value: unknown, share: number, mark: Mark): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const cut = Object.entries(value).map(([name, inner]) =>
    typeof inner === "string" && jsonBytes(inner) > Math.max(share, KEPT_BYTES)
      ? mark(name, cutText(inner, Math.max(share, KEPT_BYTES)))
      : { [name]: cutMembers(inner, share, mark) },
  );
  return Object.assign({}, ...cut);
}

/**
 * An object as JSON of at most `limit` bytes. When it is longer, its longest texts are cut to the same length, as they
 * are encoded; numbers and texts as short as an id stay whole. Texts in arrays are not looked at.
 *
 * @param mark the members that stand for a cut text, so that nobody takes it for the whole.
 */
export function fitJson(value: object, limit: number, mark: Mark): string {
  const excess = jsonBytes(value) - limit;
  if (excess <= 0) return JSON.stringify(value);
  let marks = 0;
  const sizes: number[] = [];
  for (const [name, text] of members(value)) {
    if (typeof text !== "string" || jsonBytes(text) <= KEPT_BYTES) continue;
    sizes.push(jsonBytes(text));
    marks += jsonBytes(mark(name, "")) - jsonBytes({ [name]: "" });
  }
  const room = sizes.reduce((sum, size) => sum + size, 0) - excess - marks;
  return JSON.stringify(cutMembers(value, fairShare(sizes, room), mark));
}
