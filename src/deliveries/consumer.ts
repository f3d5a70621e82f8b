import { createContext } from "../context.ts";
import type { Bindings, DeliveryMessage } from "../env.ts";
import { describeError } from "../log.ts";
import { realWorld, type World } from "../world.ts";
import { dispatch } from "./dispatch.ts";
import type { Senders } from "./job.ts";

/** Handles a batch of the queue `deliveries`. Each message is answered for itself: one failure repeats no other. */
export async function consume(
  batch: MessageBatch<DeliveryMessage>,
  bindings: Bindings,
  senders: Senders,
  world: World = realWorld,
): Promise<void> {
  const ctx = createContext(bindings, world, { queue: batch.queue });
  for (const message of batch.messages) {
    try {
      await dispatch(ctx, message.body.ids, senders);
      message.ack();
    } catch (error) {
      ctx.log.error("delivery_message_failed", describeError(error));
      message.retry();
    }
  }
}
