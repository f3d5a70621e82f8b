import { env } from "cloudflare:workers";

const EXECUTES = new Set(["first", "run", "all", "raw"]);

/** A database that does this just before its `number`-th trip (from 1). What it throws, the trip throws. */
export function beforeTrip(number: number, act: () => Promise<unknown>) {
  let trips = 0;
  const originals = new WeakMap<object, D1PreparedStatement>();
  const pass = async <T>(trip: () => Promise<T>): Promise<T> => {
    if (++trips === number) await act();
    return trip();
  };

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
