import { beforeAll, expect, test } from "vitest";
import { bearer, headers } from "../auth/credentials.ts";
import { beforeTrip } from "../db/trips.ts";
import { bindings, machine, PASSWORD, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectProblem } from "../problems.ts";
import { subscriptionKeys } from "../push/subscription-keys.ts";

// What ends sessions ends those, too, that are being opened or used while it happens.

const app = startApp();
const NEW_PASSWORD = "tungsten carbide 11";
let admin: Person;

beforeAll(async () => {
  admin = await person("admin");
});

const change = async (id: number, input: object) => {
  const response = await app.request(`/api/users/${id}`, send(admin, input, {}, "PATCH"));
  expect(response.status).toBe(200);
};

/** Sends a request once for each trip to the database that it makes, and lets something happen just before that trip. */
async function atEachTrip(
  act: (user: Person) => Promise<unknown>,
  request: (user: Person, slow: ReturnType<typeof startApp>) => Promise<unknown>,
): Promise<number> {
  for (let trip = 1; ; trip++) {
    const user = await person("technician");
    const { database: DB, trips } = beforeTrip(trip, () => act(user));
    await request(user, startApp({}, bindings({ DB })));
    if (trips() < trip) return trip - 1;
  }
}

const devicesOf = (user: Person) => queryAll("SELECT id FROM push_subscriptions WHERE user_id = ?", user.id);
const sessionsOf = (user: Person) => queryAll("SELECT id FROM sessions WHERE user_id = ?", user.id);
async function expectSignedIn(response: Response): Promise<void> {
  const { token } = (await response.json()) as { token: string };
  expect((await app.request("/api/me", headers(bearer(token)))).status).toBe(200);
}

const signIn = { email: "", password: PASSWORD };

test.each([
  ["a new password", { password: NEW_PASSWORD }],
  ["being disabled", { active: false }],
])("no sign-in under way outlives %s", { timeout: 60_000 }, async (_, input) => {
  let overtaken = false;
  const trips = await atEachTrip(
    async (user) => {
      overtaken = true;
      await change(user.id, input);
    },
    async (user, slow) => {
      overtaken = false;
      const response = await slow.request("/api/auth/sign-in/email", send(null, { ...signIn, email: user.email }));
      await change(user.id, { active: true });
      if (!overtaken) return expectSignedIn(response);
      await expectProblem(response, 401, "invalid_credentials");
      expect(await sessionsOf(user)).toEqual([]);
    },
  );
  expect(trips).toBe(2);
});

test("no device is registered in a session that has ended meanwhile", async () => {
  let overtaken = false;
  const trips = await atEachTrip(
    async (user) => {
      overtaken = true;
      const out = await app.request("/api/auth/sign-out", send(user, {}));
      expect(out.status).toBe(204);
    },
    async (user, slow) => {
      overtaken = false;
      const endpoint = `https://fcm.googleapis.com/fcm/send/${user.id}`;
      const subscription = { endpoint, keys: subscriptionKeys().keys };
      const response = await slow.request("/api/push/subscriptions", send(user, { subscription }));
      if (!overtaken) return expect(response.status).toBe(201);
      await expectProblem(response, 401, "unauthorized");
      expect(await devicesOf(user)).toEqual([]);
    },
  );
  // The check of the session and the registration are one trip.
  expect(trips).toBe(1);
});

test("a repeat under a key is answered only while its session lasts", async () => {
  const requests = [
    ["/api/tickets", "POST", { title: "Spindle vibrates", machine_id: await machine("CNC") }],
    ["/api/me", "PATCH", { name: "Renamed" }],
  ] as const;
  for (const [path, method, body] of requests) {
    const overtaken = new Set<number>();
    const trips = await atEachTrip(
      async (user) => {
        overtaken.add(user.id);
        await app.request("/api/auth/sign-out", send(user, {}));
      },
      async (user, slow) => {
        const init = send(user, body, { "idempotency-key": "again" }, method);
        const first = await app.request(path, init);
        expect(first.status).toBeLessThan(300);
        const again = await slow.request(path, init);
        if (overtaken.has(user.id)) return expectProblem(again, 401, "unauthorized");
        expect(await again.text()).toBe(await first.text());
      },
    );
    expect(trips).toBeGreaterThan(0);
  }
});
