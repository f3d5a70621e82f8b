import { beforeAll, expect, test } from "vitest";
import { at, machine, type Person, person, queryAll, rowCounts, send, startApp } from "../helpers.ts";
import { createdTicket, postTicket } from "./api.ts";

const app = startApp(at("2026-11-20T15:00:00.000Z"));
let technician: Person;
let machine_id: number;

beforeAll(async () => {
  technician = await person("technician");
  machine_id = await machine("CNC");
});

const VERBATIM = [
  ["emoji", "Fuite 🛢️ sur la presse 👩🏽‍🔧"],
  ["right-to-left text", "عطل في المغزل – הציר רועד"],
  ["a right-to-left override", "Spindle \u202etxet detrevni"],
  ["Chinese beyond the basic plane", "主轴振动 𠮷野家"],
  ["SQL", "Robert'); DROP TABLE tickets;-- "],
  ["SQL placeholders", "?1 :name @x $y ?"],
  ["LIKE metacharacters", "100% of the _time_ [a-z]* \\%"],
  ["HTML", '<script>alert("x")</script> & <b>'],
  ["JSON", '{"title":"nested","a":[1,2,{"b":null}]}'],
  ["template syntax", "{{7*7}} <%= x %> #{x} %s %d"],
  ["quotes and backslashes", `' " \` \\ \\n \\u0000`],
  ["inner line breaks and tabs", "line one\nline two\r\nline\tthree"],
  ["control characters other than NUL", "bell \u0007 escape \u001b[31m delete \u007f"],
  ["line and paragraph separators", "one\u2028two\u2029three"],
  ["a noncharacter", "end \uffff of \u{10ffff} plane"],
  ["words that look like values", "null"],
  ["a number", "1e5"],
] as const;

test.each(VERBATIM)("%s is stored and answered as sent", async (_, sent) => {
  const value = sent.trim();
  const body = { title: sent, description: sent, reporter_name: sent, machine_id };
  const ticket = await createdTicket(await postTicket(app, technician, body));
  expect(ticket).toMatchObject({ title: value, description: value, reporter_name: value });
  const rows = await queryAll("SELECT title, description, reporter_name FROM tickets WHERE id = ?", ticket.id);
  expect(rows).toEqual([{ title: value, description: value, reporter_name: value }]);
  const shown = await app.request(`/api/tickets/${ticket.ticket_id}`, send(technician));
  expect(await shown.json()).toMatchObject({ ticket: { title: value, description: value, reporter_name: value } });
});

test("no text has harmed a table", async () => {
  expect((await rowCounts()).tickets).toBe(VERBATIM.length);
});

test.each([
  ["combining accents become one character", "Re\u0301paration a\u0300 faire", "Réparation à faire"],
  ["Hangul jamo become syllables", "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165", "한국어"],
  ["the ångström sign becomes a letter", "\u212bngström", "Ångström"],
  ["compatibility characters stay", "ﬁn ½ ﾊ", "ﬁn ½ ﾊ"],
  ["ends are trimmed, the middle is not", " \t\n Two  words \u00a0\u3000\ufeff", "Two  words"],
])("%s", async (_, sent, stored) => {
  const body = { title: sent, description: sent, reporter_name: sent, machine_id };
  const ticket = await createdTicket(await postTicket(app, technician, body));
  expect(ticket).toMatchObject({ title: stored, description: stored, reporter_name: stored });
});

// The first is composed to two characters, each of the others is taken apart into two or three.
test.each(["e\u0301x", "\u0958".repeat(200), "\ufb2c".repeat(200), "\u{1d160}".repeat(200)])(
  "text that fits only as it was sent stays so: %j",
  async (title) => {
    const response = await postTicket(app, technician, { title, description: title, machine_id });
    const ticket = await createdTicket(response);
    expect(ticket.title).toBe(title);
    expect(ticket.description).toBe(title.normalize("NFC"));
  },
);

test("length counts after normalisation: 200 letters sent as 400 code points fit", async () => {
  const body = { title: "e\u0301".repeat(200), machine_id };
  const ticket = await createdTicket(await postTicket(app, technician, body));
  expect(ticket.title).toBe("é".repeat(200));
});
