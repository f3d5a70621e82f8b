import { createECDH } from "node:crypto";
import type { Api, Schema } from "./document.ts";
import { chance, type Draw, drawAny, drawInteger, drawMatching, drawText, pick } from "./draw.ts";
import { type Known, kindOf } from "./known.ts";

/** What values are drawn from. */
export interface Source {
  api: Api;
  known: Known;
  draw: Draw;
  /** Of the operation, for what `id` means there. */
  path: string;
}

// Nothing leaves the machine, so public hosts may be named; local ones go through as well.
const ADDRESSES = [
  "https://connect.shop.example.com/hook",
  "http://127.0.0.1:9/204",
  "http://localhost/500",
  "http://localhost/410",
  "https://user:secret@shop.example.com/",
  "https://10.0.0.1/",
  "https://xn--bcher-kva.example.com/%E2%82%AC?a=b#c",
  "http://shop.example.com/",
];
const PUSH_SERVICES = ["https://fcm.googleapis.com/fcm/send/", "https://web.push.apple.com/", "http://localhost/push/"];
const EMAILS = ["jeanne@atelier.example", "O'Brien+shop@Mail.Example", "a@b.co", `${"x".repeat(64)}@long.example`];
const PHONES = [
  "+1 514 555 0123",
  "(416) 555-0188",
  "0033 1 42 68 53 00",
  "+15145550123",
  "514.555.0199",
  "911",
  "abc",
];
const OFFSETS = ["Z", "+00:00", "-05:00", "+14:00", "-23:59"];

function drawInstant({ draw }: Source): string {
  const day = 86_400_000;
  const kind = drawInteger(draw, 0, 3);
  // Mostly about now, so that what must lie in the last days can be so.
  const time =
    kind < 3
      ? Date.now() + drawInteger(draw, -40 * day, 2 * day)
      : drawInteger(draw, 946_684_800_000, 4_102_444_799_999);
  const text = new Date(time).toISOString();
  return text.slice(0, pick(draw, [19, 21, 23])) + pick(draw, OFFSETS);
}

/** A device's public key: a real point of the curve, always the same. */
const P256DH = (() => {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(Buffer.alloc(32, 7));
  return ecdh.getPublicKey().toString("base64url");
})();

/** Values that no schema could tell: what they are for is in the member's name. */
function meant(source: Source, name: string): string | null {
  const { draw } = source;
  if (name === "p256dh") return P256DH;
  if (name === "auth") return Buffer.alloc(16, 3).toString("base64url");
  if (["phone", "whatsapp", "value"].includes(name)) return pick(draw, PHONES);
  if (name === "password")
    return pick(draw, ["correct horse battery", "lathe operators do not guess", "password", "short"]);
  if (name === "subject" && source.path === "/api/deliveries") return pick(draw, ["ticket:1", "customer:1", "nothing"]);
  return null;
}

function drawString(source: Source, schema: Schema, name: string): string {
  const { draw, known, path } = source;
  const kind = kindOf(name, path);
  const found = kind && chance(draw, 85) ? known.pick(draw, kind) : null;
  if (typeof found === "string") return found;
  if (schema.format === "date-time") return drawInstant(source);
  const special = !schema.format && chance(draw, 85) ? meant(source, name) : null;
  if (special !== null) return special;
  if (schema.format === "email")
    return chance(draw, 70) ? pick(draw, EMAILS) : `p${drawInteger(draw, 0, 999)}@shop.example`;
  if (schema.format === "uri")
    return name === "endpoint" ? pick(draw, PUSH_SERVICES) + drawInteger(draw, 0, 30) : pick(draw, ADDRESSES);
  // What has no length of its own is a code or a time of day; the rest is text that people write.
  if (schema.pattern && schema.maxLength === undefined) return drawMatching(draw, schema.pattern);
  return drawText(draw, schema.minLength ?? 0, schema.maxLength ?? 60);
}

function drawObject(source: Source, schema: Schema): Record<string, unknown> {
  const { draw, api } = source;
  const generous = chance(draw, 25) ? 100 : pick(draw, [0, 25, 50]);
  const value: Record<string, unknown> = {};
  const fill = (properties: Record<string, Schema>, whole: Schema, always: boolean) => {
    for (const [name, inner] of Object.entries(properties)) {
      const needed = always || whole.required?.includes(name);
      if (needed || chance(draw, generous)) value[name] = drawValue(source, inner, name);
    }
  };
  // A member that nothing can satisfy is one that must not be there.
  const possible = Object.entries(schema.properties ?? {}).filter(([, inner]) => !("not" in inner) || inner.type);
  fill(Object.fromEntries(possible), schema, false);
  if (schema.if) {
    const branch = api.validator(schema.if)(value) ? schema.then : schema.else;
    fill(branch?.properties ?? {}, branch ?? {}, true);
  }
  if (schema.anyOf) {
    const branch = pick(draw, schema.anyOf);
    fill(branch.properties ?? {}, branch, true);
  }
  return value;
}

/**
 * A value that mostly satisfies a schema: what it turns out to be is for the schema's validator to say.
 *
 * @param name of the member or parameter that it is for: ids are those that earlier answers have shown.
 */
export function drawValue(source: Source, given: Schema, name: string): unknown {
  const { draw, api, known, path } = source;
  const schema = api.resolve(given);
  if (schema.enum) return pick(draw, schema.enum);
  if (schema.anyOf && !schema.type) return drawValue(source, pick(draw, schema.anyOf), name);
  const types = [schema.type ?? "null"].flat();
  const others = types.filter((type) => type !== "null");
  const type = others.length < types.length && (others.length === 0 || chance(draw, 20)) ? "null" : pick(draw, others);
  switch (type) {
    case "null":
      return schema.type ? null : drawAny(draw);
    case "boolean":
      return chance(draw, 50);
    case "integer":
    case "number": {
      const kind = kindOf(name, path);
      const found = kind && chance(draw, 85) ? known.pick(draw, kind) : null;
      if (typeof found === "number") return found;
      const least = schema.minimum ?? (schema.exclusiveMinimum === undefined ? -1000 : schema.exclusiveMinimum + 1);
      return drawInteger(draw, least, schema.maximum ?? least + 1000);
    }
    case "array": {
      const least = schema.minItems ?? 0;
      const length = drawInteger(draw, least, Math.min(schema.maxItems ?? least + 3, least + 3));
      return Array.from({ length }, () => drawValue(source, schema.items ?? {}, name));
    }
    case "object":
      return drawObject(source, schema);
    default:
      return drawString(source, schema, name);
  }
}

/** What a body could be by mistake: one member too few or too many, or one that is not what it should be. */
export function drawNearly(source: Source, schema: Schema): unknown {
  const { draw } = source;
  const value = drawValue(source, schema, "");
  if (typeof value !== "object" || value === null || Array.isArray(value) || chance(draw, 10)) return drawAny(draw);
  const members = Object.entries(value);
  const name = members.length > 0 ? pick(draw, members)[0] : "title";
  switch (drawInteger(draw, 0, 4)) {
    case 0:
      return Object.fromEntries(members.filter(([member]) => member !== name));
    case 1:
      return {
        ...value,
        [pick(draw, ["surprise", "id", "role", "__proto__", "constructor", "\u0000"])]: drawAny(draw),
      };
    case 2:
      return { ...value, [name]: JSON.stringify((value as Record<string, unknown>)[name]) };
    default:
      return { ...value, [name]: drawAny(draw) };
  }
}
