import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { execute, machine, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { attached, expectCode, fileRequest, newTicket, traces } from "./api.ts";
import { ALLOWED, film, REFUSED } from "./files.ts";

const NOW = "2026-11-20T15:00:00.000Z";
const app = startApp({ now: () => new Date(NOW) });
const MEBIBYTE = 1024 * 1024;
let technician: Person;
let machineId: number;
let ticket: { id: number; ticket_id: string };

beforeAll(async () => {
  technician = await person("technician");
  machineId = await machine("CNC");
  ticket = await newTicket(startApp({ now: () => new Date("2026-11-20T14:00:00.000Z") }), technician, machineId);
});

const post = (init: RequestInit, ref: string | number = ticket.ticket_id) =>
  app.request(`/api/tickets/${ref}/attachments`, init);

async function expectNothing(run: () => Promise<void>): Promise<void> {
  const before = await traces();
  await run();
  expect(await traces()).toEqual(before);
}

test("a photo is stored, named in the timeline, and raises the ticket's version", async () => {
  const before = await queryAll<{ version: number }>("SELECT version FROM tickets WHERE id = ?", ticket.id);
  const response = await post(fileRequest(technician, ALLOWED.png, "Broche n°2.png"));
  const attachment = await attached(response);
  expect(attachment).toEqual({
    id: expect.any(Number),
    ticket_id: ticket.id,
    user_id: technician.id,
    file_name: "Broche n°2.png",
    content_type: "image/png",
    size_bytes: ALLOWED.png.length,
    sha256: Buffer.from(await crypto.subtle.digest("SHA-256", ALLOWED.png)).toString("hex"),
    url: `/api/attachments/${attachment.id}`,
    thumbnail_url: null,
    width: null,
    height: null,
    created_at: NOW,
  });
  expect(response.headers.get("location")).toBe(attachment.url);
  expect(await queryAll("SELECT version, updated_at FROM tickets WHERE id = ?", ticket.id)).toEqual([
    { version: (before[0]?.version ?? 0) + 1, updated_at: NOW },
  ]);
  const entries = await queryAll(
    "SELECT user_id, action, old_value, new_value, comment, created_at FROM ticket_timeline WHERE action = 'attached'",
  );
  expect(entries).toEqual([
    {
      user_id: technician.id,
      action: "attached",
      old_value: null,
      new_value: String(attachment.id),
      comment: "Broche n°2.png",
      created_at: NOW,
    },
  ]);
  const [row] = await queryAll<{ object_key: string }>(
    "SELECT object_key FROM attachments WHERE id = ?",
    attachment.id,
  );
  const object = await env.ATTACHMENTS.get(row?.object_key ?? "");
  expect(new Uint8Array((await object?.arrayBuffer()) ?? new ArrayBuffer())).toEqual(new Uint8Array(ALLOWED.png));
  expect(row?.object_key).not.toContain("Broche");
});

test("the list shows what is attached, oldest first, without where it is stored", async () => {
  const other = await newTicket(app, technician, machineId);
  const first = await attached(await post(fileRequest(technician, ALLOWED.png), other.id));
  const second = await attached(await post(fileRequest(technician, ALLOWED.pdf, "manual.pdf"), other.ticket_id));
  const response = await app.request(`/api/tickets/${other.ticket_id}/attachments`, send(technician));
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ attachments: [first, second], next_cursor: null });
});

test.each([
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["gif", "image/gif"],
  ["webp", "image/webp"],
  ["heic", "image/heic"],
  ["avif", "image/avif"],
  ["pdf", "application/pdf"],
  ["mp3", "audio/mpeg"],
  ["wav", "audio/wav"],
  ["mp4", "video/mp4"],
] as const)("%s is known by its content, whatever its sender says", async (kind, content_type) => {
  const init = fileRequest(technician, ALLOWED[kind], `x.${kind}`, {}, "text/html");
  expect(await attached(await post(init))).toMatchObject({ content_type, file_name: `x.${kind}` });
});

describe("refused, with nothing stored", () => {
  test.each(Object.entries(REFUSED))("%s with other content", async (name, bytes) => {
    await expectNothing(async () =>
      expectCode(await post(fileRequest(technician, new Uint8Array(bytes), name)), 415, "unsupported_media_type"),
    );
  });

  test("an empty file", async () => {
    await expectNothing(async () =>
      expectCode(await post(fileRequest(technician, new Uint8Array())), 422, "empty_file"),
    );
  });

  test("10 MiB + 1, though 10 MiB is accepted", async () => {
    await expectNothing(async () =>
      expectCode(await post(fileRequest(technician, film(10 * MEBIBYTE + 1))), 413, "payload_too_large"),
    );
    const attachment = await attached(await post(fileRequest(technician, film(10 * MEBIBYTE), "film.mp4")));
    expect(attachment.size_bytes).toBe(10 * MEBIBYTE);
  });

  test("a body without end and without content-length is cut off", async () => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += MEBIBYTE;
        controller.enqueue(new Uint8Array(MEBIBYTE));
      },
    });
    const headers = {
      authorization: `Bearer ${technician.token}`,
      "content-type": "multipart/form-data; boundary=x",
    };
    await expectNothing(async () =>
      expectCode(await post({ method: "POST", headers, body } as RequestInit), 413, "payload_too_large"),
    );
    expect(sent).toBeLessThan(14 * MEBIBYTE);
  });

  test.each([
    ["JSON", "application/json", "{}", 415, "unsupported_media_type"],
    ["the bytes alone", "image/png", "x", 415, "unsupported_media_type"],
    ["a form without boundary", "multipart/form-data", "x", 415, "unsupported_media_type"],
    ["no form at all", "multipart/form-data; boundary=x", "nothing of the kind", 400, "invalid_multipart"],
    ["no part file", "multipart/form-data; boundary=x", part("other", "a.png"), 400, "validation_failed"],
    ["a text instead of a file", "multipart/form-data; boundary=x", part("file"), 400, "validation_failed"],
  ] as const)("%s", async (_, contentType, body, status, code) => {
    const headers = { authorization: `Bearer ${technician.token}`, "content-type": contentType };
    await expectNothing(async () => expectCode(await post({ method: "POST", headers, body }), status, code));
  });

  test("two files", async () => {
    const init = fileRequest(technician, ALLOWED.png);
    (init.body as FormData).append("file", new File([ALLOWED.jpg], "b.jpg"));
    await expectNothing(async () => expectCode(await post(init), 400, "validation_failed"));
  });

  test("an unknown and a deleted ticket", async () => {
    const gone = await newTicket(app, technician, machineId);
    await execute(`UPDATE tickets SET deleted_at = '${NOW}' WHERE id = ${gone.id}`);
    for (const ref of ["CNC-1126-9999", "999999", "nonsense", gone.ticket_id, gone.id]) {
      await expectNothing(async () =>
        expectCode(await post(fileRequest(technician, ALLOWED.png), ref), 404, "ticket_not_found"),
      );
      await expectCode(await app.request(`/api/tickets/${ref}/attachments`, send(technician)), 404, "ticket_not_found");
    }
  });

  test("nobody, and an operator to a ticket that somebody else reported", async () => {
    const operator = await person("operator");
    await expectNothing(async () => {
      await expectCode(await post(fileRequest(null, ALLOWED.png)), 401, "unauthorized");
      await expectCode(await post(fileRequest(operator, ALLOWED.png)), 403, "forbidden");
    });
    await expectCode(await app.request(`/api/tickets/${ticket.id}/attachments`), 401, "unauthorized");
    expect((await app.request(`/api/tickets/${ticket.id}/attachments`, send(operator))).status).toBe(200);
  });
});

function part(name: string, fileName?: string): string {
  const file = fileName ? `; filename="${fileName}"` : "";
  return `--x\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\nabc\r\n--x--\r\n`;
}
