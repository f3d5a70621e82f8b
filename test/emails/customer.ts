import { attemptRows, deliveryRows } from "../deliveries/rows.ts";
import type { Shop } from "../deliveries/shop.ts";
import { addWebhook, createTicket, ok, receiver } from "../deliveries/shop.ts";
import { stage } from "../deliveries/stage.ts";
import { queryAll, send } from "../helpers.ts";
import { addCustomer, mailbox, prefer } from "./mailbox.ts";

export const EMAIL = "jeanne@atelier.example";
export const REACHABLE = { email: EMAIL, phone: "+15145550123", whatsapp: "+15145550199" };

/** A Worker with a mailbox, and a customer. Its clock stands at 10:04 in Toronto. */
export async function customerDesk(
  shop: Shop,
  fields: Record<string, unknown> = REACHABLE,
  settings: Record<string, unknown> = {},
) {
  const box = mailbox();
  const on = stage({ settings: { EMAIL: box.EMAIL, ...settings } });
  const customer = await addCustomer(on.app, shop.supervisor, fields);
  const change = (id: number, patch: Record<string, unknown>) =>
    ok(on.app.request(`/api/tickets/${id}`, send(shop.supervisor, patch, {}, "PATCH")));
  return {
    ...box,
    on,
    customer,
    change,
    create: (more = {}) =>
      createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id, customer_id: customer, ...more }),
    prefer: (preferences: Record<string, unknown>) => prefer(on.app, shop.supervisor, customer, preferences),
    async listener(...answers: Parameters<typeof receiver>) {
      const consumer = await receiver(...answers);
      const { id } = await addWebhook(on.app, shop.admin, consumer.url, ["customer.notify"]);
      return { ...consumer, id };
    },
    /** Sets the clock. */
    clock: (instant: string) => on.advance((Date.parse(instant) - on.time()) / 1000),
  };
}

export const news = () => deliveryRows("target LIKE 'customer:%'");
export const decisions = async () => (await attemptRows()).map(({ response, error }) => response ?? error);
export const history = () =>
  queryAll("SELECT customer_id, ticket_id, channel, direction, summary, value FROM contact_history ORDER BY id");
