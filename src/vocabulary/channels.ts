const MINUTE = 60;
const HOUR = 60 * MINUTE;

interface ChannelEntry {
  /** Seconds to wait after the first, second, ... failed try. After the last one the delivery has failed. */
  retrySeconds: readonly number[];
  /**
   * The setting that holds the channel's credential. While it is missing the channel is closed: its deliveries wait and
   * use up no try. When it is refused the channel pauses, until it has been changed or a probe gets through.
   */
  credential?: "STRIPE_SECRET_KEY";
  /** What people call a channel that can be paused. */
  label?: string;
}

/**
 * Every way that a delivery can go (contract section 5). A new one is an entry here, its value in the CHECK of
 * `deliveries.channel`, and its sender in src/channels.ts.
 */
const TABLE = {
  push: { retrySeconds: [10, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 4 * HOUR] },
  webhook: { retrySeconds: [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR] },
  email: { retrySeconds: [30, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR] },
  stripe: {
    retrySeconds: [5, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR],
    credential: "STRIPE_SECRET_KEY",
    label: "Stripe",
  },
} as const satisfies Record<string, ChannelEntry>;

export type Channel = keyof typeof TABLE;
export const CHANNELS = Object.keys(TABLE) as [Channel, ...Channel[]];
export const channelEntry = (channel: Channel): ChannelEntry => TABLE[channel];
