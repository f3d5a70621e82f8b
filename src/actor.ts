import type { Locale } from "./vocabulary/locales.ts";
import type { Role } from "./vocabulary/roles.ts";

/** The person on whose behalf a request acts. */
export interface Actor {
  id: number;
  name: string;
  email: string;
  role: Role;
  language: Locale | null;
  /** The session that vouches for the actor; null with an API key, which is checked on each request. */
  sessionId: number | null;
}
