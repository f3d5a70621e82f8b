import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CHANNELS, channelEntry } from "../../src/vocabulary/channels.ts";
import { PRIORITIES, TICKET_PRIORITIES } from "../../src/vocabulary/priorities.ts";
import { ROLES } from "../../src/vocabulary/roles.ts";
import { OPEN_STATUSES, STATUSES, TICKET_STATUSES } from "../../src/vocabulary/statuses.ts";

// Pages that repeat a vocabulary for people: each says what the code does, so that a new entry is told there too.
const page = (name: string) => readFileSync(`docs/${name}`, "utf8");
const codes = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
/** The cells of the first table behind a text, without its two lines of heading. */
const tableAfter = (text: string, mark: string) =>
  (/\n\|[^\n]*\n\|[-| ]+\n((?:\|[^\n]*\n)+)/.exec(text.slice(text.indexOf(mark)))?.[1] ?? "")
    .trim()
    .split("\n")
    .map((line) => line.slice(1, -1).split("|"));
const rowOf = (text: string, name: string) => new RegExp(`^\\| \`${name}\`.*$`, "m").exec(text)?.[0] ?? "";

test("contract: what each status may become", () => {
  const told = tableAfter(page("contract.md"), "## 4.").map(([status = "", next = ""]) => [
    codes(status)[0],
    codes(next.replace(/\(.*\)/, "")),
  ]);
  expect(told).toEqual(TICKET_STATUSES.map((status) => [status, [...STATUSES[status].next]]));
});

test("the database: which tickets are open", () => {
  const list = /is_open\s+INTEGER\s+GENERATED ALWAYS AS \(status IN \(([^)]*)\)/.exec(
    readFileSync("schema.sql", "utf8"),
  )?.[1];
  expect(list?.replaceAll("'", "").split(", ")).toEqual(OPEN_STATUSES);
});

test("contract: the roles", () => {
  expect(tableAfter(page("contract.md"), "## 2.").map(([role = ""]) => role.trim())).toEqual([...ROLES]);
});

test("deliveries: the channels, their waits and tries", () => {
  const seconds = { s: 1, min: 60, h: 3600 };
  const told = tableAfter(page("deliveries.md"), "The queue only carries ids").map(
    ([channel = "", waits = "", end = ""]) => ({
      channel: channel.trim(),
      waits: [...waits.matchAll(/(\d+) (s|min|h)\b/g)].map(
        ([, count, unit]) => Number(count) * seconds[unit as keyof typeof seconds],
      ),
      tries: Number.parseInt(end, 10),
    }),
  );
  expect(told).toEqual(
    CHANNELS.map((channel) => {
      const waits = [...channelEntry(channel).retrySeconds];
      return { channel, waits, tries: waits.length + 1 };
    }),
  );
});

test.each([
  ["status", TICKET_STATUSES.map((status) => [status, STATUSES[status].words.fr])],
  ["priority", TICKET_PRIORITIES.map((priority) => [priority, PRIORITIES[priority].words.fr])],
])("import: the words for %s in both languages", (column, words) => {
  const [, , , told = ""] = rowOf(page("import.md"), column).split("|");
  expect(codes(told)).toEqual([...words.map(([id]) => id), ...words.map(([, word = ""]) => word.toLowerCase())]);
});

test("stats: which tickets are open", () => {
  expect(codes(rowOf(page("stats.md"), "open_by_status").split("|")[2] ?? "")).toEqual(OPEN_STATUSES);
});
