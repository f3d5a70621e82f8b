import { env } from "cloudflare:workers";

/**
 * A database whose first single statement that mentions `text` is not run until it is woken: whoever runs it is as good
 * as frozen. Batches are not held up.
 */
export function fallingAsleep(text: string) {
  const asleep = Promise.withResolvers<void>();
  const woken = Promise.withResolvers<void>();
  let sleepers = 0;

  const sleepy = (statement: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(statement, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...args: unknown[]): unknown => {
          const run = (): unknown => Reflect.apply(member, target, args);
          if (name === "bind") return sleepy(run() as D1PreparedStatement);
          if (++sleepers > 1) return run();
          asleep.resolve();
          return woken.promise.then(run);
        };
      },
    });

  const database = new Proxy(env.DB, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name === "prepare") {
        return (sql: string) => (sql.includes(text) ? sleepy(target.prepare(sql)) : target.prepare(sql));
      }
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
  return { database, asleep: asleep.promise, wake: () => woken.resolve() };
}
