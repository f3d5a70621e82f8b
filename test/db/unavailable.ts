import { beforeTrip } from "./trips.ts";

/** What D1 says when it is out of reach, busy or full, and the seconds after which it may be asked again. */
export const UNAVAILABLE: [message: string, retryAfter: string][] = [
  ["D1_ERROR: Network connection lost.", "1"],
  ["D1_ERROR: Internal error in D1 DB storage caused object to be reset.", "1"],
  ["D1_ERROR: D1 DB reset because its code was updated.", "1"],
  ["D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.", "1"],
  ["D1_ERROR: D1 DB is overloaded. Requests queued for too long.", "5"],
  ["D1_ERROR: D1 DB is overloaded. Too many requests queued.", "5"],
  ["D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.", "5"],
  ["D1_ERROR: D1 DB exceeded its CPU time limit and was reset.", "5"],
  ["D1_ERROR: D1 DB's isolate exceeded its memory limit and was reset.", "5"],
  ["D1_ERROR: database is locked: SQLITE_BUSY", "5"],
  ["D1_ERROR: database table is locked: SQLITE_LOCKED", "5"],
  ["D1_ERROR: Exceeded maximum DB size", "60"],
  ["D1_ERROR: database or disk is full: SQLITE_FULL", "60"],
  ["D1_ERROR: Your account has exceeded D1's maximum account storage limit, please contact Cloudflare.", "60"],
];

/** A database that throws this message at its `failing`-th trip (from 1) and at no other. */
export const unavailableAt = (failing: number, message: string) =>
  beforeTrip(failing, () => Promise.reject(new Error(message)));
