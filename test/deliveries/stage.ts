import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { senders } from "../../src/channels.ts";
import { createContext } from "../../src/context.ts";
import { runCron } from "../../src/cron.ts";
import { consume } from "../../src/deliveries/consumer.ts";
import type { DeliveryMessage } from "../../src/env.ts";
import { realWorld, type World } from "../../src/world.ts";
import { bindings, startApp } from "../helpers.ts";

/** A queue message that has been sent, and when it would reach the consumer. */
interface HeldMessage {
  ids: number[];
  delaySeconds: number;
  dueAt: number;
}

const EACH_MINUTE = "* * * * *";
export const NIGHTLY = "17 7 * * *";

/**
 * The application with its clock, its queue and its network in the test's hands: the clock stands still until it is
 * advanced, and queue messages are kept until they are delivered or lost.
 *
 * @param options.fetch how requests leave; for real unless told.
 * @param options.settings replaces bindings and variables.
 */
export function stage(options: { fetch?: World["fetch"]; settings?: Record<string, unknown> } = {}) {
  let time = Date.parse("2026-11-20T15:04:05.123Z");
  const held: HeldMessage[] = [];
  const sent: { url: string; at: number }[] = [];
  const hold = ({ body, delaySeconds = 0 }: MessageSendRequest<DeliveryMessage>) =>
    held.push({ ids: body.ids, delaySeconds, dueAt: time + delaySeconds * 1000 });
  const queue = {
    sendBatch: async (messages: Iterable<MessageSendRequest<DeliveryMessage>>) => [...messages].forEach(hold),
  };
  const environment = bindings({ DELIVERIES: queue, ...options.settings });
  const leave = options.fetch ?? realWorld.fetch;
  const world: World = {
    now: () => new Date(time),
    sleep: async () => undefined,
    fetch: (input, init) => {
      sent.push({ url: String(input), at: time });
      return leave(input, init);
    },
  };

  /** One invocation of the consumer. */
  const invoke = async (ids: number[]) => {
    const message = { id: crypto.randomUUID(), timestamp: new Date(time), attempts: 1, body: { ids } };
    const batch = createMessageBatch<DeliveryMessage>("deliveries", [message]);
    await consume(batch, environment, senders, world);
    const { explicitAcks } = await getQueueResult(batch, createExecutionContext());
    return explicitAcks.length === 1 ? "acknowledged" : "returned";
  };

  return {
    app: startApp(world, environment),
    context: createContext(environment, world, {}),
    environment,
    world,
    /** Messages that wait, in the order they were sent. */
    held,
    /** Every request that left, and what the clock showed. */
    sent,
    invoke,
    time: () => time,
    advance(seconds: number): void {
      time += seconds * 1000;
    },
    /** Loses every message that waits. */
    lose: () => held.splice(0),
    /** Hands over what is due, message by message, until nothing is due any more. */
    async deliver(): Promise<void> {
      for (;;) {
        const due = held.findIndex((message) => message.dueAt <= time);
        const [message] = due < 0 ? [] : held.splice(due, 1);
        if (!message) return;
        await invoke(message.ids);
      }
    },
    /** Sets the clock to the moment of the next message and delivers it; false when none waits. */
    async deliverNext(): Promise<boolean> {
      const next = Math.min(...held.map((message) => message.dueAt));
      if (next === Number.POSITIVE_INFINITY) return false;
      time = Math.max(time, next);
      await this.deliver();
      return true;
    },
    /** Lets time pass from message to message until none waits. */
    async deliverAll(): Promise<void> {
      for (let turn = 0; await this.deliverNext(); turn++) if (turn > 50) throw new Error("deliveries never end");
    },
    cron: (expression = EACH_MINUTE) => runCron(expression, environment, world),
  };
}

export type Stage = ReturnType<typeof stage>;
