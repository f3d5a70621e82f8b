import { chance, type Draw, drawBytes, drawInteger, drawText, pick } from "./draw.ts";

interface FileBody {
  body: Uint8Array<ArrayBuffer> | string;
  type: string;
}

const BOUNDARY = "fuzz-boundary";
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const CONTENTS = [
  PNG,
  Buffer.from("%PDF-1.7\n%%EOF"),
  Buffer.from("GIF89a\u0001\u0000\u0001\u0000"),
  Buffer.from("plain text"),
  Buffer.alloc(0),
];
const NAMES = [
  "spindle.png",
  "fuite d'huile.PDF",
  "../../etc/passwd",
  "x".repeat(400),
  "",
  "\u202egnp.exe",
  "a\r\nb",
  'quo"te',
];

/** A multipart form with a file, or with what somebody may take for one. */
export function uploadOf(draw: Draw): FileBody {
  const content = chance(draw, 80) ? pick(draw, CONTENTS) : Buffer.from(drawBytes(draw, 200));
  const field = chance(draw, 92) ? "file" : pick(draw, ["photo", "", "file[]"]);
  const name = chance(draw, 92) ? `; filename="${pick(draw, NAMES)}"` : "";
  const part = Buffer.concat([
    Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"${name}\r\nContent-Type: image/png\r\n\r\n`,
    ),
    content,
    Buffer.from("\r\n"),
  ]);
  const parts = Array.from({ length: chance(draw, 92) ? 1 : pick(draw, [0, 2]) }, () => part);
  const end = chance(draw, 95) ? `--${BOUNDARY}--\r\n` : "";
  const type = chance(draw, 95)
    ? `multipart/form-data; boundary=${BOUNDARY}`
    : pick(draw, ["multipart/form-data", "image/png", "multipart/form-data; boundary=other"]);
  return { body: new Uint8Array(Buffer.concat([...parts, Buffer.from(end)])), type };
}

const COLUMNS = ["numero", "titre", "machine", "priorite", "statut", "cree_le", "termine_le", "assigne_a", "surprise"];

function cell(draw: Draw, column: string): string {
  const year = drawInteger(draw, 2020, 2025);
  const values: Record<string, string[]> = {
    numero: [
      "",
      "",
      `CNC-0324-${String(drawInteger(draw, 1, 90)).padStart(4, "0")}`,
      "CNC-0324-9999999",
      "nothing",
      `LAT-${year}-0007`,
    ],
    machine: ["Haas VF-2", "Okuma LB3000", "1", "nowhere"],
    priorite: ["", "haute", "low", "urgent?"],
    statut: ["", "terminé", "received", "in_progress", "?"],
    cree_le: ["", `${year}-03-05 08:00`, `${year}-03-05`, "05/03/2024", "9999-12-31", "2024-02-30"],
    termine_le: ["", "", `${year}-03-06 16:30`],
    assigne_a: ["", "technician@fuzz.example", "nobody@fuzz.example"],
  };
  const value = chance(draw, 90) ? pick(draw, values[column] ?? [drawText(draw, 3, 60)]) : drawText(draw, 0, 300);
  return /[";,\n\r\t]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** A CSV file of tickets, mostly of the columns that are known, in one encoding or another. */
export function csvOf(draw: Draw): FileBody {
  const type = chance(draw, 92)
    ? "text/csv"
    : pick(draw, ["text/csv; charset=windows-1252", "text/csv; charset=none", "text/plain"]);
  if (chance(draw, 10)) return { body: new Uint8Array(drawBytes(draw, 300)), type };
  const separator = pick(draw, [";", ",", "\t"]);
  const columns = COLUMNS.filter((column) => column === "titre" || column === "machine" || chance(draw, 60));
  const lines = Array.from({ length: drawInteger(draw, 0, 6) }, () => columns.map((column) => cell(draw, column)));
  const text = [columns, ...lines].map((line) => line.join(separator)).join(pick(draw, ["\n", "\r\n"]));
  return { body: new Uint8Array(Buffer.from(text)), type };
}
