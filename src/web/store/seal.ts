import { deleteDB } from "idb";
import type { OutboxItem } from "../outbox/item.ts";
import type { CurrentPerson, DeviceDatabase, Sealed } from "./device.ts";
import { databaseName, openPerson, type PersonDatabase, type Photo } from "./open.ts";

const CIPHER = "AES-GCM";

/** The key of 32 bytes in base64url that the server derives for one person. It never leaves the browser again. */
export async function importSealingKey(base64url: string): Promise<CryptoKey> {
  const binary = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return crypto.subtle.importKey("raw", bytes, CIPHER, false, ["encrypt", "decrypt"]);
}

async function encrypted(key: CryptoKey, bytes: Uint8Array<ArrayBuffer>): Promise<Sealed["records"][number]> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, data: await crypto.subtle.encrypt({ name: CIPHER, iv }, key, bytes) };
}

const asBytes = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value));

/** A picture as it lies between its description and its bytes: text first, then the blobs. */
interface PhotoRecord {
  photo: Pick<Photo, "id" | "name"> & { type: string; thumbnail: string | null };
}

/**
 * Seals what a person has not sent, and removes everything of theirs from the device. Whoever comes next sees a name
 * and a number.
 *
 * It is one transaction on the device before the person's database goes: whatever dies in between, nothing is lost, and
 * a repeat replaces what was sealed.
 */
export async function sealAway(device: DeviceDatabase, person: CurrentPerson): Promise<void> {
  const db = await openPerson(person.id);
  const [items, photos] = [await db.getAll("outbox"), await db.getAll("photos")];
  if (items.length > 0) {
    const records = [await encrypted(person.sealing_key, asBytes({ items }))];
    for (const { id, name, blob, thumbnail } of photos) {
      const described: PhotoRecord = { photo: { id, name, type: blob.type, thumbnail: thumbnail?.type ?? null } };
      records.push(await encrypted(person.sealing_key, asBytes(described)));
      for (const part of [blob, thumbnail]) {
        records.push(
          await encrypted(person.sealing_key, part ? new Uint8Array(await part.arrayBuffer()) : new Uint8Array()),
        );
      }
    }
    await device.put("sealed", { user_id: person.id, name: person.name, items: items.length, records });
  }
  db.close();
  await deleteDB(databaseName(person.id));
}

async function opened(key: CryptoKey, record: Sealed["records"][number] | undefined): Promise<ArrayBuffer> {
  if (!record) throw new Error("a sealed record is missing");
  return crypto.subtle.decrypt({ name: CIPHER, iv: record.iv }, key, record.data);
}

const asJson = (bytes: ArrayBuffer): unknown => JSON.parse(new TextDecoder().decode(bytes));

/**
 * Gives a person back what they left on the device.
 *
 * @param db the person's own database, just opened.
 * @throws OperationError when the key is another than the one that it was sealed with: nothing changes then.
 */
export async function unseal(device: DeviceDatabase, person: CurrentPerson, db: PersonDatabase): Promise<void> {
  const sealed = await device.get("sealed", person.id);
  if (!sealed) return;
  const [first, ...rest] = sealed.records;
  const { items } = asJson(await opened(person.sealing_key, first)) as { items: OutboxItem[] };
  const photos: Photo[] = [];
  for (let at = 0; at < rest.length; at += 3) {
    const { photo } = asJson(await opened(person.sealing_key, rest[at])) as PhotoRecord;
    const blob = new Blob([await opened(person.sealing_key, rest[at + 1])], { type: photo.type });
    const small = await opened(person.sealing_key, rest[at + 2]);
    const thumbnail = photo.thumbnail === null ? null : new Blob([small], { type: photo.thumbnail });
    photos.push({ id: photo.id, name: photo.name, blob, thumbnail });
  }
  const tx = db.transaction(["outbox", "photos"], "readwrite", { durability: "strict" });
  // A repeat after a death in between puts the same again.
  for (const item of items) await tx.objectStore("outbox").put(item);
  for (const photo of photos) await tx.objectStore("photos").put(photo);
  await tx.done;
  await device.delete("sealed", person.id);
}
