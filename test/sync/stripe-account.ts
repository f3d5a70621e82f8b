import { until } from "../receivers/client.ts";
import type { Behaviour, StripeCustomer, StripeReport } from "./stripe-protocol.ts";

let accounts = 0;

/** An account of its own at the stand-in, by a secret key of its own. */
export function openAccount(origin: string) {
  const key = `sk_test_${Date.now().toString(36)}${++accounts}${Math.random().toString(36).slice(2)}`;
  const control = async (body: unknown = {}): Promise<StripeReport> =>
    (await fetch(`${origin}/control/${key}`, { method: "POST", body: JSON.stringify(body) })).json() as never;
  return {
    key,
    origin,
    report: () => control(),
    customers: async (): Promise<StripeCustomer[]> => (await control()).customers,
    /** The kinds of requests that came, in order. */
    operations: async (): Promise<string[]> => (await control()).requests.map(({ operation }) => operation),
    script: (...behaviours: Behaviour[]) => control({ behaviours }),
    refuse: (refuse: 401 | 403 | null) => control({ refuse }),
    release: () => control({ release: true }),
    /** As a person at Stripe would. */
    remove: (remove: string) => control({ remove }),
    add: (...add: Partial<StripeCustomer>[]) => control({ add }),
    /** Waits until `count` requests are open or have been. */
    arrived: (count = 1) =>
      until(async () => {
        const { requests } = await control();
        return requests.length >= count && requests;
      }),
  };
}

export type StripeAccount = ReturnType<typeof openAccount>;
