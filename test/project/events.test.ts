import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { WEBHOOK_EVENTS } from "../../src/vocabulary/events.ts";

const pabbly = readFileSync("docs/pabbly.md", "utf8");
const deliveries = readFileSync("docs/deliveries.md", "utf8");

describe("the events that webhooks can hear are those that are listed", () => {
  test("in docs/pabbly.md, each with a row", () => {
    const rows = [...pabbly.matchAll(/^\| `(\w+\.\w+)` \|/gm)].map(([, event]) => event);
    expect(rows.toSorted()).toEqual(WEBHOOK_EVENTS.toSorted());
  });

  test("in docs/deliveries.md", () => {
    const [, list = ""] = /What a webhook can hear of: ([^.]*(?:\.\w[^.]*)*)\./.exec(deliveries) ?? [];
    expect([...list.matchAll(/`(\w+\.\w+)`/g)].map(([, event]) => event).toSorted()).toEqual(WEBHOOK_EVENTS.toSorted());
  });
});
