import { type DBSchema, type IDBPDatabase, openDB } from "idb";

/** Who uses the device now. */
export interface CurrentPerson {
  id: number;
  name: string;
  role: string;
  /**
   * Seals what this person leaves behind when somebody else signs in. It cannot be read out of the browser, and only
   * the server gives it, to this person's session.
   */
  sealing_key: CryptoKey;
}

/** What somebody left on the device when another signed in: encrypted, but for whose it is and how much. */
export interface Sealed {
  user_id: number;
  name: string;
  /** Items of the outbox. */
  items: number;
  records: { iv: Uint8Array<ArrayBuffer>; data: ArrayBuffer }[];
}

/** What the device knows whoever uses it. */
export interface DeviceSchema extends DBSchema {
  current: { key: "person"; value: CurrentPerson };
  sealed: { key: number; value: Sealed };
}

export type DeviceDatabase = IDBPDatabase<DeviceSchema>;

/** Opens the database of the device. */
export async function openDevice(): Promise<DeviceDatabase> {
  const database = await openDB<DeviceSchema>("shopfloor", 1, {
    upgrade(db) {
      db.createObjectStore("current");
      db.createObjectStore("sealed", { keyPath: "user_id" });
    },
    blocking: () => database.close(),
  });
  return database;
}
