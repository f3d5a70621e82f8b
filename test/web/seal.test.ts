import "fake-indexeddb/auto";
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { openDevice } from "../../src/web/store/device.ts";
import { databaseName, openPerson } from "../../src/web/store/open.ts";
import { outboxStore } from "../../src/web/store/outbox.ts";
import { importSealingKey, sealAway, unseal } from "../../src/web/store/seal.ts";

const TITLE = "Spindle vibrates above 8,000 rpm";
const PICTURE = "the bytes of a picture";

let people = 1;

async function shop() {
  const id = people++;
  const person = {
    id,
    name: "Marie",
    role: "technician",
    sealing_key: await importSealingKey(randomBytes(32).toString("base64url")),
  };
  const db = await openPerson(id);
  const outbox = outboxStore(db);
  const local = "local:6c0e";
  const report = { machine_id: 1, title: TITLE, description: null, is_machine_down: true, priority: "high" } as const;
  await outbox.add({ kind: "report", local, ...report }, "key-1");
  const photo = { id: "p1", name: "spindle.jpg", blob: new Blob([PICTURE], { type: "image/jpeg" }), thumbnail: null };
  await outbox.add({ kind: "photo", ticket: local, photo: "p1" }, "key-2", photo);
  return { person, device: await openDevice(), items: await outbox.items(), db };
}

describe("what a person leaves on a phone", () => {
  test("is sealed: the next one reads a name and a number, and no byte more", async () => {
    const { person, device, db } = await shop();
    db.close();
    await sealAway(device, person);
    const [sealed] = (await device.getAll("sealed")).filter(({ user_id }) => user_id === person.id);
    expect(sealed).toMatchObject({ name: "Marie", items: 2 });
    const bytes = Buffer.concat(sealed?.records.map(({ data }) => Buffer.from(data)) ?? []);
    for (const text of [TITLE, PICTURE, "spindle.jpg"]) expect(bytes.includes(text)).toBe(false);
    expect((await indexedDB.databases()).map(({ name }) => name)).not.toContain(databaseName(person.id));
    await expect(crypto.subtle.exportKey("raw", person.sealing_key)).rejects.toThrow();
  });

  test("comes back whole when they sign in again, also when the phone died in between", async () => {
    const { person, device, items, db } = await shop();
    db.close();
    await sealAway(device, person);
    const sealed = await device.get("sealed", person.id);
    const again = await openPerson(person.id);
    await unseal(device, person, again);
    if (sealed) await device.put("sealed", sealed);
    await unseal(device, person, again);
    expect(await again.getAll("outbox")).toEqual(items);
    const [photo] = await again.getAll("photos");
    expect(await photo?.blob.text()).toBe(PICTURE);
    expect(photo?.blob.type).toBe("image/jpeg");
    expect(await device.get("sealed", person.id)).toBe(undefined);
    again.close();
  });

  test("opens with no other key, and stays", async () => {
    const { person, device, db } = await shop();
    db.close();
    await sealAway(device, person);
    const other = { ...person, sealing_key: await importSealingKey(randomBytes(32).toString("base64url")) };
    const again = await openPerson(person.id);
    await expect(unseal(device, other, again)).rejects.toThrow();
    expect(await again.count("outbox")).toBe(0);
    expect(await device.get("sealed", person.id)).toBeDefined();
    again.close();
  });

  test("is nothing when all was sent", async () => {
    const { person, device, items, db } = await shop();
    const outbox = outboxStore(db);
    for (const item of items) await outbox.complete(item, {});
    db.close();
    await sealAway(device, person);
    expect(await device.get("sealed", person.id)).toBe(undefined);
  });
});
