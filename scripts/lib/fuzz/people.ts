import { randomUUID } from "node:crypto";
import { signed } from "../../../src/auth/session-token.ts";
import type { Role } from "../../../src/vocabulary/roles.ts";
import type { LocalWorker } from "../local-worker.ts";
import { insertUserSql } from "../users.ts";
import { chance, type Draw, pick } from "./draw.ts";

export const PASSWORD = "correct horse battery";
const ROLES = ["operator", "technician", "supervisor", "admin"] as const satisfies Role[];
const WITH_KEYS = ["supervisor", "admin"] as const;

/** Who sends a request, and how they prove it. */
export interface Sender {
  name: string;
  headers: Record<string, string>;
}

export const emailOf = (role: Role) => `${role}@fuzz.example`;

/** One person of each role with a session, and API keys: brought back when requests have ended them. */
export interface People {
  draw(draw: Draw): Sender;
  /** The administrator, for preparations. */
  admin: Sender;
  restore(): Promise<void>;
}

/** Adds the people to an empty database. */
export async function addPeople({ db, url, secrets: env }: LocalWorker): Promise<People> {
  for (const role of ROLES) {
    const sql = await insertUserSql({ email: emailOf(role), name: `Fuzz ${role}`, role, password: PASSWORD });
    await db.batch(sql.map((statement) => db.prepare(statement)));
  }
  const tokens = Object.fromEntries(ROLES.map((role) => [role, randomUUID().replaceAll("-", "")])) as Record<
    Role,
    string
  >;
  const bearer = (role: Role): Sender => ({
    name: role,
    headers: { authorization: `Bearer ${signed(env, tokens[role])}` },
  });
  const keys = new Map<string, string>();
  const isKeyAlive = async (key: string) =>
    (await fetch(new URL("/api/me", url), { headers: { "x-api-key": key } })).ok;

  async function restoreKey(role: Role): Promise<void> {
    const known = keys.get(role);
    if (known && (await isKeyAlive(known))) return;
    const user = await db.prepare("SELECT id FROM users WHERE email = ?").bind(emailOf(role)).first<{ id: number }>();
    const response = await fetch(new URL("/api/api-keys", url), {
      method: "POST",
      headers: { ...bearer("admin").headers, "content-type": "application/json" },
      body: JSON.stringify({ name: `Fuzz ${role}`, user_id: user?.id }),
    });
    if (!response.ok) throw new Error(`no API key: ${response.status} ${await response.text()}`);
    keys.set(role, ((await response.json()) as { api_key: { key: string } }).api_key.key);
  }

  const people: People = {
    admin: bearer("admin"),
    draw(draw) {
      if (chance(draw, 5)) return { name: "nobody", headers: {} };
      if (chance(draw, 2)) {
        const wrong = pick(draw, ["Bearer ", "Bearer wrong", "Basic YTpi", `Bearer ${"x".repeat(300)}`]);
        return { name: "a stranger", headers: { authorization: wrong } };
      }
      if (chance(draw, 10)) {
        const role = pick(draw, WITH_KEYS);
        return { name: `an API key of ${role}`, headers: { "x-api-key": keys.get(role) ?? "" } };
      }
      const role = pick(draw, [
        "operator",
        "technician",
        "supervisor",
        "supervisor",
        "admin",
        "admin",
        "admin",
      ] as const);
      if (!chance(draw, 10)) return bearer(role);
      const origin: Record<string, string> = chance(draw, 30) ? { origin: "https://elsewhere.example" } : {};
      const cookie = `shopfloor.session_token=${encodeURIComponent(signed(env, tokens[role]))}`;
      return { name: `${role} by cookie`, headers: { cookie, ...origin } };
    },
    async restore() {
      await db.batch(
        ROLES.flatMap((role) => [
          db.prepare("UPDATE users SET role = ?, active = 1 WHERE email = ?").bind(role, emailOf(role)),
          db
            .prepare(
              `INSERT INTO sessions (user_id, token, expires_at, created_at, updated_at)
               SELECT id, ?1, '2099-01-01T00:00:00.000Z', ?2, ?2 FROM users WHERE email = ?3
               AND NOT EXISTS (SELECT 1 FROM sessions WHERE token = ?1)`,
            )
            .bind(tokens[role], new Date().toISOString(), emailOf(role)),
        ]),
      );
      for (const role of WITH_KEYS) await restoreKey(role);
    },
  };
  await people.restore();
  return people;
}
