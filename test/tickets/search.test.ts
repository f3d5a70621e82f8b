import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { Role } from "../../src/vocabulary/roles.ts";
import { execute, machine, type Person, queryAll, send } from "../helpers.ts";
import { contents, crew, type Fields, openDesk } from "./desk.ts";
import { idsOf } from "./pages.ts";

const desk = openDesk();
let people: Record<Role, Person>;
let plain: number;
/** Tickets by what they are good for. */
const found: Record<string, number> = {};

async function addMachine(name: string, model: string, serial_number: string): Promise<number> {
  await machine("CNC");
  const body = { machine_type: "CNC", name, model, serial_number };
  const response = await desk.app.request("/api/machines", send(people.supervisor, body));
  expect(response.status).toBe(201);
  return ((await response.json()) as { machine: { id: number } }).machine.id;
}

beforeAll(async () => {
  people = await crew();
  plain = await machine("EDM", "Eroder");
  const haas = await addMachine("Haas VF-2", "Mill 5X", "SN-4711/B");
  const cases: [string, Fields][] = [
    ["accents", { title: "Électrobroche brûlée n°2", machine_id: plain }],
    ["described", { title: "Strange noise", description: "Rattles near the TURRET\nsince Monday", machine_id: plain }],
    ["percent", { title: "Output at 100% of_normal", machine_id: plain }],
    ["quoted", { title: "Don't touch 'panel' \"B\"", machine_id: plain }],
    ["stars", { title: "Err*or [code] (x) AND NOT y", machine_id: plain }],
    ["cyrillic", { title: "Шпиндель вибрирует", machine_id: plain }],
    ["chinese", { title: "主轴 振动", machine_id: plain }],
    ["emoji", { title: "🔧 wrenchless 🔧", machine_id: plain }],
    ["long", { title: "Log attached", description: `begin ${"x".repeat(3000)} afterwards`, machine_id: plain }],
    ["onHaas", { title: "Way cover torn", machine_id: haas }],
  ];
  for (const [name, fields] of cases) found[name] = (await desk.create(people.operator, fields)).id;
});

const search = (q: string, more = "") =>
  idsOf(desk, people.operator, `/api/tickets?limit=100&q=${encodeURIComponent(q)}${more}`);

describe("a search finds", () => {
  test.each([
    ["a word of the title", "brûlée", "accents"],
    ["the beginning of a word", "electro", "accents"],
    ["a word without its accents", "brulee", "accents"],
    ["a word in capitals", "ÉLECTROBROCHE", "accents"],
    ["a word with accents in pieces", "bru\u0302le\u0301e", "accents"],
    ["accents that are not there", "nòíse", "described"],
    ["a word of the description", "turret", "described"],
    ["the first word of a line", "since", "described"],
    ["several words, in any order, from title and description", "turret strange", "described"],
    ["beginnings of several words", "tur stra no", "described"],
    ["words around punctuation", "panel, b", "quoted"],
    ["a word with an apostrophe", "don't", "quoted"],
    ["a number", "100", "percent"],
    ["another script", "ШПИНДЕЛЬ", "cyrillic"],
    ["the beginning in another script", "вибри", "cyrillic"],
    ["a word of a script without capitals", "主轴", "chinese"],
    ["a word between emoji", "🔧wrench", "emoji"],
    ["a word after a very long one", "afterwards", "long"],
    ["a very long word", "x".repeat(60), "long"],
    ["the machine's name", "haas", "onHaas"],
    ["the machine's name as it is written", "VF-2", "onHaas"],
    ["the machine's whole name", "Haas VF-2", "onHaas"],
    ["the machine's model", "5x", "onHaas"],
    ["the machine's serial number", "SN-4711/B", "onHaas"],
    ["the beginning of the serial number", "SN-47", "onHaas"],
    ["part of the serial number", "4711", "onHaas"],
    ["machine and title together", "haas torn", "onHaas"],
  ])("%s: %j", async (_, q, name) => {
    expect(await search(q)).toEqual([found[name]]);
  });

  test.each([
    ["the middle of a word", "lectrobroche"],
    ["one word of two", "turret cyrillic"],
    ["words of different tickets", "turret brulee"],
    ["words of different tickets and machines", "haas turret"],
    ["the middle of a machine's name", "aas"],
    ["a seventh word that is not there", "strange noise rattles near the turret elephant"],
    ["a word that is nowhere", "elephant"],
  ])("not %s: %j", async (_, q) => {
    expect(await search(q)).toEqual([]);
  });

  test("a ticket by its number, however it is written", async () => {
    const { id, ticket_id } = await desk.create(people.operator, { machine_id: plain });
    for (const q of [
      ticket_id,
      ticket_id.toLowerCase(),
      ` ${ticket_id} `,
      `${ticket_id} spindle`,
      `spind ${ticket_id}`,
    ]) {
      expect(await search(q), q).toEqual([id]);
    }
    expect(await search(`${ticket_id} elephant`)).toEqual([]);
    const sequence = ticket_id.split("-")[2] ?? "";
    expect(await search(sequence)).toEqual([id]);
  });

  test("tickets by the beginning of their number", async () => {
    const numbers = await queryAll<{ id: number; ticket_id: string }>(
      "SELECT id, ticket_id FROM tickets ORDER BY id DESC",
    );
    for (const q of ["EDM-1126", "EDM-1126-", "edm-11", "EDM-1126-00", "EDM-1126-0003", "CNC-1126-0001", "EDM-1226"]) {
      const expected = numbers.filter(({ ticket_id }) => ticket_id.startsWith(q.toUpperCase())).map(({ id }) => id);
      expect(await search(q, "&sort=-created_at"), q).toEqual(expected);
    }
  });
});

describe("what means something to SQL means nothing here", () => {
  test.each([
    ["%", []],
    ["_", []],
    ["*", []],
    ["' OR 1=1 --", []],
    ["100%", ["percent"]],
    ["o_tput", []],
    ["o%normal_x", []],
    ["of_normal", ["percent"]],
    ["err*", ["stars"]],
    ["'panel'", ["quoted"]],
    ['"panel"', ["quoted"]],
    ["y NOT", ["stars"]],
    ["strange OR brulee", []],
    ["title:strange", []],
    ["^strange", ["described"]],
    ["stra*nge", []],
    ["NEAR(strange noise)", ["described"]],
    ["'; DROP TABLE tickets; --", []],
    ["?", []],
    ["?1 ?2", []],
    ["\\", []],
    ["....", []],
    ["-", []],
    ["---- !!", []],
    ["🔧", []],
    ["\u0301", []],
  ])("%j", async (q, names) => {
    const before = await contents();
    expect(await search(q)).toEqual(names.map((name) => found[name]));
    expect(await contents()).toEqual(before);
  });
});

describe("the words of a ticket follow its texts", () => {
  test("new ones are found, old ones are not, those that stay are", async () => {
    const { id } = await desk.create(people.operator, {
      title: "Gearbox whines",
      description: "Oil is brown",
      machine_id: plain,
    });
    await desk.change(people.operator, id, { title: "Gearbox howls" });
    expect(await Promise.all(["gearbox", "howls", "whines", "brown"].map((q) => search(q)))).toEqual([
      [id],
      [id],
      [],
      [id],
    ]);
    await desk.change(people.operator, id, { description: "Oil is black" });
    expect(await Promise.all(["howls", "black", "brown"].map((q) => search(q)))).toEqual([[id], [id], []]);
    await desk.change(people.operator, id, { description: null, title: "Black box" });
    expect(await Promise.all(["black", "oil", "gearbox"].map((q) => search(q)))).toEqual([[id], [], []]);
  });

  test("a change that is refused leaves them", async () => {
    const { id } = await desk.create(people.operator, { title: "Hydraulics hiss", machine_id: plain });
    await desk.patch(people.supervisor, id, { title: "Renamed" }, { "if-match": '"9"' });
    expect(await Promise.all(["hydraulics", "renamed"].map((q) => search(q)))).toEqual([[id], []]);
  });

  test("the number stays findable when a long text is edited", async () => {
    const description = Array.from({ length: 400 }, (_, n) => `word${n}`).join(" ");
    const { id, ticket_id } = await desk.create(people.operator, { title: "Long story", machine_id: plain });
    const sequence = ticket_id.split("-")[2] ?? "";
    await desk.change(people.operator, id, { description });
    expect(await search(sequence)).toEqual([id]);
    expect(await search("long word17")).toEqual([id]);
  });

  test("two edits at once leave the words of both texts", async () => {
    const { id } = await desk.create(people.operator, { title: "Hoist jammed", machine_id: plain });
    await Promise.all([
      desk.change(people.supervisor, id, { title: "Winch jammed" }),
      desk.change(people.admin, id, { description: "Rope frayed" }),
    ]);
    expect(await Promise.all(["winch", "frayed", "hoist"].map((q) => search(q)))).toEqual([[id], [id], []]);
  });
});

test("a search obeys the other filters and never shows a deleted ticket", async () => {
  const { id } = await desk.create(people.operator, { title: "Pneumatics dead", machine_id: plain, priority: "low" });
  expect(await search("pneumatics", "&priority=low&status=received")).toEqual([id]);
  expect(await search("pneumatics", "&priority=high")).toEqual([]);
  expect(await search("pneumatics", "&status=completed,archived")).toEqual([]);
  expect(await search("pneumatics", `&machine_id=${plain + 1}`)).toEqual([]);
  await desk.remove(people.admin, id);
  expect(await search("pneumatics")).toEqual([]);
});

test("a retired machine's tickets are still found by its name", async () => {
  const id = await addMachine("Bridgeport", "Series I", "BP-1");
  const ticket = await desk.create(people.operator, { title: "Handle loose", machine_id: id });
  await execute(`UPDATE machines SET retired_at = '2026-11-20T00:00:00.000Z' WHERE id = ${id}`);
  expect(await search("bridgeport")).toEqual([ticket.id]);
});

test("the migration that brought the words into the row took them from the index of that time", async () => {
  const { EMPTY_DB, MIGRATIONS } = env;
  const number = "0012_ticket_search_text.sql";
  await applyD1Migrations(
    EMPTY_DB,
    MIGRATIONS.filter(({ name }) => name < number),
  );
  const at = "2026-11-20T15:00:00.000Z";
  await EMPTY_DB.batch(
    [
      `INSERT INTO users (name, email, role, created_at, updated_at) VALUES ('T', 't@shop.example', 'operator', '${at}', '${at}')`,
      `INSERT INTO machine_types (code, name, created_at, updated_at) VALUES ('CNC', 'CNC', '${at}', '${at}')`,
      `INSERT INTO machines (machine_type_id, name, qr_token, created_at, updated_at)
       VALUES (1, 'Haas VF-2', 'q123456789012345678901', '${at}', '${at}')`,
      ...["Spindle vibrates", "Never indexed"].map(
        (title, index) =>
          `INSERT INTO tickets (ticket_id, title, machine_id, reported_by, reporter_name, reported_at, created_at, updated_at)
           VALUES ('CNC-1126-000${index + 1}', '${title}', 1, 1, 'T', '${at}', '${at}', '${at}')`,
      ),
      "INSERT INTO ticket_terms (term, ticket_id) VALUES ('spindle', 1), ('vibrates', 1), ('0001', 1)",
    ].map((sql) => EMPTY_DB.prepare(sql)),
  );
  await applyD1Migrations(EMPTY_DB, MIGRATIONS);
  const { results } = await EMPTY_DB.prepare("SELECT search_text FROM tickets ORDER BY id").all();
  expect(results).toEqual([{ search_text: " 0001 spindle vibrates" }, { search_text: "" }]);
});
