import { crc32, deflateSync } from "node:zlib";
import { IDS, type Shop } from "./shop.ts";

/** A picture that is enough to be looked at: a round part on a table. */
const PHOTO = png(320, (x, y) => {
  const distance = Math.hypot(x - 160, y - 150);
  if (distance < 36) return [40, 44, 48];
  if (distance < 96) return [150 + (y - 150) / 2, 156 + (y - 150) / 2, 162 + (y - 150) / 2];
  return y > 220 ? [92, 82, 70] : [112 + x / 8, 122 + x / 8, 128 + x / 8];
});

function chunk(name: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(name), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** A square PNG file (RFC 2083), 8 bits for each of red, green and blue. */
function png(side: number, colour: (x: number, y: number) => [number, number, number]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2], 8);
  const rows = Array.from({ length: side }, (_, y) => [
    0,
    ...Array.from({ length: side }, (_, x) => colour(x, y)).flat(),
  ]);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Uint8Array.from(rows.flat()))),
    chunk("IEND", new Uint8Array()),
  ]);
}

/** A morning's work in the demo shop, with something of everything that the pages show. Answers with the numbers. */
export async function workOfAMorning(shop: Shop) {
  const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  const stopped = await shop.report("operator", {
    title: "Spindle vibrates above 8,000 rpm",
    description: "Started after the tool change this morning. It is loud, and the surface finish is bad.",
    machine_id: 1,
    priority: "critical",
    is_machine_down: true,
    reported_at: ago(72),
  });
  const late = await shop.report("supervisor", {
    title: "Coolant leak at the door",
    machine_id: 2,
    priority: "high",
    assigned_to: IDS.technician,
    scheduled_date: ago(60 * 26),
    reported_at: ago(60 * 30),
  });
  const low = await shop.report("supervisor", {
    title: "Replace the work light",
    machine_id: 4,
    priority: "low",
    assigned_to: IDS.technician,
    reported_at: ago(60 * 24 * 3),
  });
  await shop.report("operator", { title: "Guard door switch sticks", machine_id: 6, reported_at: ago(11) });
  const done = await shop.report("operator", { title: "Air pressure drops", machine_id: 3, reported_at: ago(400) });

  await shop.api("supervisor", "PATCH", `/api/tickets/${stopped}`, { assigned_to: IDS.technician });
  await shop.api("technician", "PATCH", `/api/tickets/${late}`, { status: "in_progress" });
  await shop.api("technician", "PATCH", `/api/tickets/${low}`, { status: "diagnostic" });
  await shop.api("technician", "PATCH", `/api/tickets/${low}`, {
    status: "waiting_parts",
    comment: "Ordered, here on Friday.",
  });
  await shop.api("technician", "PATCH", `/api/tickets/${done}`, { status: "in_progress" });
  await shop.api("technician", "PATCH", `/api/tickets/${done}`, { status: "completed", comment: "Hose replaced." });
  await shop.api("supervisor", "POST", `/api/tickets/${stopped}/comments`, {
    body: "Marc has a spare bearing set in Hall B.",
  });
  for (const [name, type, content] of [
    ["spindle.png", "image/png", PHOTO],
    ["manual-p42.pdf", "application/pdf", Buffer.from("%PDF-1.4\n%âãÏÓ\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF")],
  ] as const) {
    const form = new FormData();
    form.set("file", new Blob([content as BlobPart], { type }), name);
    await shop.api("technician", "POST", `/api/tickets/${stopped}/attachments`, form);
  }
  await shop.api("technician", "POST", `/api/tickets/${stopped}/acknowledge`);
  return { stopped, late, low, done };
}
