import { describe, expect, test } from "vitest";
import { decodedCsv } from "../../src/tickets/csv/decode.ts";
import { parseNumber } from "../../src/tickets/csv/number-format.ts";
import { parseCsv } from "../../src/tickets/csv/parse.ts";
import { parseInstant } from "../../src/time/parse.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

async function* sent(file: Uint8Array) {
  yield file;
}
const parse = (text: string) => parseCsv(decodedCsv(sent(bytes(text)), "text/csv"));
const titles = async (text: string) =>
  (await parse(text)).map(({ line, fields, broken }) => [line, broken ? null : fields.title]);

describe("tables", () => {
  test.each([",", ";", "\t"])("separated by %j", async (separator) => {
    const text = [
      ["title", "machine", "description"],
      ["One", "M", '"a, b; c\td"'],
    ]
      .map((fields) => fields.join(separator))
      .join("\n");
    expect(await parse(text)).toEqual([
      { line: 2, fields: { title: "One", machine: "M", description: "a, b; c\td" }, broken: null },
    ]);
  });

  test("a byte order mark, CRLF, lone CR and quotes", async () => {
    expect(await titles('\uFEFFtitle,machine\r\n"One",M\r\nTwo,M\r\n')).toEqual([
      [2, "One"],
      [3, "Two"],
    ]);
    expect(await titles("title,machine\rOne,M\rTwo,M")).toHaveLength(2);
    expect(await titles('title,machine\n"say ""hi""",M\n')).toEqual([[2, 'say "hi"']]);
    expect(await titles('title,machine\n5" bolt,M\n')).toEqual([[2, '5" bolt']]);
  });

  test("lines are counted as an editor shows them", async () => {
    const text = 'title,machine,description\r\nOne,M,"a\r\nb\nc"\r\n\r\n,,\r\nTwo,M,\r\n   \r\nThree,M';
    expect(await titles(text)).toEqual([
      [2, "One"],
      [7, "Two"],
      [9, "Three"],
    ]);
  });

  test("the header in French, in capitals, with accents and unknown columns", async () => {
    const text =
      "Numéro;TITRE;Description;machine;Priorité;Statut;Créé le;Terminé le;Signalé par;Assigné à;Prévu le;Machine arrêtée;Coût\n" +
      "1;2;3;4;5;6;7;8;9;10;11;12;13\n";
    expect((await parse(text))[0]?.fields).toEqual({
      ticket_id: "1",
      title: "2",
      description: "3",
      machine: "4",
      priority: "5",
      status: "6",
      created_at: "7",
      completed_at: "8",
      reporter_name: "9",
      assigned_to: "10",
      scheduled_date: "11",
      is_machine_down: "12",
    });
    expect((await parse("état,titre,machine_id\nreçu,t,1"))[0]?.fields).toMatchObject({
      status: "reçu",
      machine_id: "1",
    });
  });

  test.each([
    ["a stray quote swallows no other line", 'title,machine\n"One,M\nTwo,M\nThree,M\n', [null, "Two", "Three"]],
    ["a quote that closes too early", 'title,machine\n"5" bolt,M\nTwo,M\n"Three",M', [null, "Two", "Three"]],
    ["a broken quote on the last line", 'title,machine\nOne,M\n"Two,M', ["One", null]],
    ["two broken lines", 'title,machine\n"One,M\nTwo,M\n"Three,M\nFour,M', [null, "Two", null, "Four"]],
  ])("%s", async (_, text, expected) => {
    expect(await titles(text)).toEqual(expected.map((title, index) => [index + 2, title]));
  });

  test("more fields than the header are told, fewer are empty", async () => {
    const [more, fewer] = await parse("title,machine,status\nA, B,M,received\nC,M");
    expect(more?.broken).toMatch(/more fields/);
    expect(fewer).toEqual({ line: 3, fields: { title: "C", machine: "M" }, broken: null });
  });

  test.each([
    ["", /no header/],
    ["\uFEFF", /no header/],
    ["\n\n", /no column 'title'/],
    ["title\nOne", /no column 'machine'/],
    ["machine\nOne", /no column 'title'/],
    ["One,M\nTwo,M", /no column 'title'/],
    ["title,titre,machine\na,b,c", /two columns mean 'title'/],
    ['title,"machine\nOne,M', /no column 'machine'|header/],
    ['title,"machine', /broken quote|no column/],
  ])("%j cannot be read", async (text, reason) => {
    await expect(parse(text)).rejects.toThrow(
      expect.objectContaining({
        code: "invalid_csv",
        options: expect.objectContaining({
          params: { reason: { en: expect.stringMatching(reason), fr: expect.stringMatching(/\S/) } },
        }),
      }),
    );
  });

  test("a file full of broken quotes is given back rather than searched for ever", async () => {
    const broken = (count: number) => '"a,M\n'.repeat(count);
    expect(await titles(`title,machine\n${broken(3000)}Last,M`)).toHaveLength(3001);
    await expect(parse(`title,machine\n${broken(200)}${"Good,M\n".repeat(200_000)}`)).rejects.toThrow(
      expect.objectContaining({ code: "invalid_csv" }),
    );
  });

  test("other encodings are read when they are named, and refused when not", async () => {
    const latin = Uint8Array.from([...bytes("title,machine\nBroche g"), 0xea, 0x6e, 0xe9, ...bytes("e,M")]);
    const read = (type: string) => parseCsv(decodedCsv(sent(latin), type));
    expect((await read("text/csv; charset=windows-1252"))[0]?.fields.title).toBe("Broche gênée");
    await expect(read("text/csv")).rejects.toThrow(expect.objectContaining({ code: "invalid_csv" }));
    await expect(read("text/csv; charset=klingon")).rejects.toThrow(
      expect.objectContaining({ code: "unsupported_media_type" }),
    );
  });
});

test.each([
  ["CNC-1126-0001", { ticket_id: "CNC-1126-0001", code: "CNC", month: "1126", number: 1 }],
  ["CNC-0199-12345", { ticket_id: "CNC-0199-12345", code: "CNC", month: "0199", number: 12345 }],
  ["CNC-1219-0007", { ticket_id: "CNC-1219-0007", code: "CNC", month: "1219", number: 7 }],
  ["PRESSE-2026-0042", { ticket_id: "PRESSE-2026-0042", code: "PRESSE", month: null, number: 42 }],
  ["AB-1998-0042", { ticket_id: "AB-1998-0042", code: "AB", month: null, number: 42 }],
  [" cnc-1126-0001 ", { ticket_id: "CNC-1126-0001", code: "CNC", month: "1126", number: 1 }],
  ["CNC-1326-0001", null],
  ["CNC-0026-0001", null],
  ["CNC-2126-0001", null],
  ["CNC-1126-001", null],
  ["C-1126-0001", null],
  ["MACHINE-1126-0001", null],
  ["CNC-1126-0001; DROP", null],
  ["CNC-1126-99999999999", null],
  ["42", null],
])("the number %j", (text, expected) => {
  expect(parseNumber(text)).toEqual(expected);
});

test.each([
  ["2026-11-20", "2026-11-20T05:00:00.000Z"],
  ["2026-07-20", "2026-07-20T04:00:00.000Z"],
  ["2026-11-20 15:04", "2026-11-20T20:04:00.000Z"],
  ["2026-11-20T15:04:05", "2026-11-20T20:04:05.000Z"],
  ["2026-11-20T15:04:05.123456Z", "2026-11-20T15:04:05.123Z"],
  ["2026-11-20T15:04:05-05:00", "2026-11-20T20:04:05.000Z"],
  ["2026-11-20 15:04:05 +0100", "2026-11-20T14:04:05.000Z"],
  // The clocks go back at 2:00, forward at 2:00.
  ["2026-11-01 00:30", "2026-11-01T04:30:00.000Z"],
  ["2026-11-01 03:00", "2026-11-01T08:00:00.000Z"],
  ["2026-03-08 01:59", "2026-03-08T06:59:00.000Z"],
  ["2026-03-08 03:00", "2026-03-08T07:00:00.000Z"],
  ["2024-02-29", "2024-02-29T05:00:00.000Z"],
  ["2026-02-29", null],
  ["2026-13-01", null],
  ["2026-11-20 25:00", null],
  ["2026-11-20 15:60", null],
  ["20/11/2026", null],
  ["11/20/2026", null],
  ["0206-11-20", null],
  ["1999-12-31 18:59", null],
  ["2000-01-01T00:00:00+00:01", null],
  ["2099-12-31 19:00", null],
  ["2026-11-20T15:04:05+99:00", null],
  // A time that the clocks skip is moved on; of two instants the first is meant.
  ["2026-03-08 02:30", "2026-03-08T07:30:00.000Z"],
  ["2026-11-01 01:30", "2026-11-01T05:30:00.000Z"],
  ["2026-11-20Z", null],
  ["yesterday", null],
])("the date %j in Toronto", (text, expected) => {
  expect(parseInstant(text, "America/Toronto")).toBe(expected);
});
