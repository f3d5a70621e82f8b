import { env } from "cloudflare:workers";

const EXECUTES = new Set(["first", "run", "all", "raw"]);

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
export function unavailableAt(failing: number, message: string) {
  let trips = 0;
  const originals = new WeakMap<object, D1PreparedStatement>();
  const pass = <T>(trip: () => Promise<T>): Promise<T> =>
    ++trips === failing ? Promise.reject(new Error(message)) : trip();

  const watched = (statement: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(statement, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        const call = (args: unknown[]): unknown => Reflect.apply(member, target, args);
        if (name === "bind") return (...args: unknown[]) => watched(call(args) as D1PreparedStatement);
        if (!EXECUTES.has(String(name))) return member.bind(target) as unknown;
        return (...args: unknown[]) => pass(() => call(args) as Promise<unknown>);
      },
    });
    originals.set(proxy, statement);
    return proxy;
  };

  const database = new Proxy(env.DB, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name === "prepare") return (sql: string) => watched(target.prepare(sql));
      if (name === "batch") {
        return (batch: D1PreparedStatement[]) =>
          pass(() => target.batch(batch.map((statement) => originals.get(statement) ?? statement)));
      }
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
  return { database, trips: () => trips };
}
