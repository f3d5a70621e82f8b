import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { z } from "zod";
import type { TicketWithTimelineOutput } from "../../tickets/schemas.ts";
import type { OutboxItem, TicketRef } from "../outbox/item.ts";

/** A ticket as the server told it. Its timeline is empty when it came from a list or was just created. */
export type TicketDocument = z.output<typeof TicketWithTimelineOutput>["ticket"];

/** A picture that waits to be sent, made small on the phone. */
export interface Photo {
  id: string;
  blob: Blob;
  thumbnail: Blob | null;
  name: string;
}

/** A report that got its number. */
export interface Numbered {
  local: TicketRef;
  number: string;
  /** When the number came, in ms since the epoch. */
  at: number;
}

/** What one person has on this device. */
export interface PersonSchema extends DBSchema {
  outbox: { key: number; value: OutboxItem };
  photos: { key: string; value: Photo };
  tickets: { key: number; value: TicketDocument; indexes: { ticket_id: string } };
  numbers: { key: string; value: Numbered };
}

export type PersonDatabase = IDBPDatabase<PersonSchema>;

/** The name of the database of one person: nobody reads or sends another's. */
export const databaseName = (userId: number): string => `shopfloor-u${userId}`;

/**
 * Opens the database of one person. A newer version of the app may upgrade it while this one is open: it is closed then.
 *
 * @param onClosed is told that another tab upgrades it, or that the browser closed it.
 */
export async function openPerson(userId: number, onClosed: () => void = () => {}): Promise<PersonDatabase> {
  const database = await openDB<PersonSchema>(databaseName(userId), 1, {
    upgrade(db) {
      db.createObjectStore("outbox", { keyPath: "seq", autoIncrement: true });
      db.createObjectStore("photos", { keyPath: "id" });
      db.createObjectStore("tickets", { keyPath: "id" }).createIndex("ticket_id", "ticket_id", { unique: true });
      db.createObjectStore("numbers", { keyPath: "local" });
    },
    blocking() {
      database.close();
      onClosed();
    },
    terminated: onClosed,
  });
  return database;
}
