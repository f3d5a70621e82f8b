import { signal } from "@preact/signals";
import { ROLES } from "../../vocabulary/roles.ts";
import type { User } from "../api/types.ts";
import { kept, oneOf } from "./kept.ts";

function readUser(stored: unknown): User | undefined {
  const { id, role } = (stored ?? {}) as Partial<User>;
  return Number.isInteger(id) && oneOf(ROLES)(role) ? (stored as User) : undefined;
}

/**
 * Who is signed in on this phone, as far as it knows: the cookie is out of reach, and the server may be, too. null:
 * nobody.
 */
export const user = kept<User | null>("shopfloor.user", readUser, null);

/** The server no longer takes the session. What is here stays, and can be read, until somebody signs in. */
export const sessionEnded = signal(false);
