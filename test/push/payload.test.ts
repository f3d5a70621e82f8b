import { createECDH } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { clearDeliveries, onlyDelivery } from "../deliveries/rows.ts";
import { createTicket, receiver, type Shop, setUpShop } from "../deliveries/shop.ts";
import { stage } from "../deliveries/stage.ts";
import { bindings, execute, send } from "../helpers.ts";
import type { Received } from "../receivers/protocol.ts";
import { addDevice, languageSql } from "./device.ts";
import { decryptPush } from "./subscription-keys.ts";

// What a phone gets, read by software that has nothing to do with the sender's (RFC 8030, 8188, 8291, 8292).

let shop: Shop;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(async () => {
  await clearDeliveries();
  await execute(languageSql(shop.technician, null));
});

/** Creates a ticket for the technician's only device and returns what the device's push service got. */
async function notify(fields: Record<string, unknown> = {}) {
  const { app, deliver, time } = stage();
  const service = await receiver({ status: 201 });
  const device = await addDevice(app, shop.technician, service.url);
  const ticket = await createTicket(app, shop.supervisor, {
    machine_id: shop.machine_id,
    assigned_to: shop.technician.id,
    ...fields,
  });
  await deliver();
  const [received, ...more] = await service.requests();
  if (!received || more.length > 0) throw new Error(`${more.length} requests too many`);
  return { ticket, received, message: JSON.parse(device.decrypt(received)) as unknown, service, time: time() };
}

test("the message of RFC 8291 section 5 decrypts with the keys given there", () => {
  const privateKey = createECDH("prime256v1");
  privateKey.setPrivateKey("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94", "base64url");
  const body =
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz" +
    "AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
  const authSecret = "BTBZMqHH6r4Tts7J_aSIgg";
  expect(decryptPush(Buffer.from(body, "base64url"), privateKey, authSecret)).toBe(
    "When I grow up, I want to be a watermelon",
  );
});

test("a technician without a language gets the words of the default one", async () => {
  const { ticket, message } = await notify({ priority: "high" });
  const { id } = await onlyDelivery("channel = 'push'");
  expect(message).toEqual({
    id: `dlv_${id}_1`,
    title: "New: Haas VF-2",
    body: "[HIGH] Spindle vibrates",
    tag: ticket.ticket_id,
    actions: [
      { action: "view", title: "View" },
      { action: "acknowledge", title: "On my way!" },
    ],
    data: { ticket_id: ticket.ticket_id, url: `/tickets/${ticket.ticket_id}`, priority: "high" },
  });
});

test("a French-speaking technician gets French words", async () => {
  await execute(languageSql(shop.technician, "fr"));
  const { ticket, message } = await notify({ title: "Fuite d'huile côté opérateur ☔", priority: "critical" });
  expect(message).toMatchObject({
    title: "Nouveau : Haas VF-2",
    body: "[CRITIQUE] Fuite d'huile côté opérateur ☔",
    tag: ticket.ticket_id,
    actions: [
      { action: "view", title: "Voir" },
      { action: "acknowledge", title: "J'y vais !" },
    ],
    data: { ticket_id: ticket.ticket_id, url: `/tickets/${ticket.ticket_id}`, priority: "critical" },
  });
});

test.each([
  ["low", "LOW", "BASSE", "normal"],
  ["medium", "MEDIUM", "MOYENNE", "normal"],
  ["high", "HIGH", "HAUTE", "high"],
  ["critical", "CRITICAL", "CRITIQUE", "high"],
])("priority %s reads %s or %s and travels with urgency %s", async (priority, english, french, urgency) => {
  const first = await notify({ priority });
  expect(first.message).toMatchObject({ body: `[${english}] Spindle vibrates` });
  expect(first.received.headers).toMatchObject({ urgency });
  await clearDeliveries();
  await execute(languageSql(shop.technician, "fr"));
  const second = await notify({ priority });
  expect(second.message).toMatchObject({ body: `[${french}] Spindle vibrates` });
});

test("the request is what a push service asks for", async () => {
  const { ticket, received } = await notify();
  expect(received.method).toBe("POST");
  expect(received.headers).toMatchObject({
    "content-encoding": "aes128gcm",
    "content-type": "application/octet-stream",
    ttl: "21600",
    topic: ticket.ticket_id,
  });
  expect(received.headers.topic).toMatch(/^[\w-]{1,32}$/);
  expect(received.headers["content-length"]).toBe(String(Buffer.from(received.body, "base64").length));
});

test("tickets have topics of their own, so that one never replaces the other on the phone", async () => {
  const first = await notify();
  await clearDeliveries();
  const second = await notify();
  expect(first.received.headers.topic).not.toBe(second.received.headers.topic);
});

test("the largest ticket fits into the 4096 bytes that every push service takes", async () => {
  const { received, message } = await notify({
    title: "🔧".repeat(200),
    description: "🔥".repeat(5000),
    reporter_name: "🙂".repeat(100),
  });
  expect(Buffer.from(received.body, "base64").length).toBeLessThanOrEqual(4096);
  expect(message).toMatchObject({ body: `[MEDIUM] ${"🔧".repeat(200)}` });
});

describe("the VAPID token", () => {
  const decode = (part = ""): Record<string, unknown> => JSON.parse(Buffer.from(part, "base64url").toString());

  async function verify(received: Received | undefined) {
    const { token = "", key = "" } =
      /^vapid t=(?<token>[\w.-]+), ?k=(?<key>[\w-]+)$/.exec(received?.headers.authorization ?? "")?.groups ?? {};
    const [header, claims, signature = ""] = token.split(".");
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    const publicKey = await crypto.subtle.importKey("raw", Buffer.from(key, "base64url"), algorithm, true, ["verify"]);
    const valid = await crypto.subtle.verify(
      algorithm,
      publicKey,
      Buffer.from(signature, "base64url"),
      Buffer.from(`${header}.${claims}`),
    );
    return { valid, key, header: decode(header), claims: decode(claims) };
  }

  test("is signed with the key that browsers are told, for this push service and for half a day", async () => {
    const { received, service, time } = await notify();
    const { valid, key, header, claims } = await verify(received);
    expect(valid).toBe(true);
    expect(header).toEqual({ typ: "JWT", alg: "ES256" });
    expect(claims).toEqual({
      aud: new URL(service.url).origin,
      // Twelve hours; the standard allows a day.
      exp: Math.floor(time / 1000) + 12 * 60 * 60,
      sub: "mailto:maintenance@shopfloor.example",
    });
    const response = await stage().app.request("/api/push/vapid-public-key", send(shop.technician));
    expect(await response.json()).toEqual({ public_key: key });
  });

  test("names the contact that the setting gives", async () => {
    const environment = { VAPID_SUBJECT: "https://shop.example/contact" };
    expect(bindings(environment)).toMatchObject(environment);
    const { app, deliver } = stage({ settings: environment });
    const service = await receiver({ status: 201 });
    await addDevice(app, shop.technician, service.url);
    await createTicket(app, shop.supervisor, { machine_id: shop.machine_id, assigned_to: shop.technician.id });
    await deliver();
    const [received] = await service.arrived();
    expect((await verify(received)).claims).toMatchObject({ sub: "https://shop.example/contact" });
  });
});
