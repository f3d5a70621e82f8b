/** How a delivery can have ended. */
export const FINAL_DELIVERY_STATUSES = ["completed", "failed"] as const;
export type FinalDeliveryStatus = (typeof FINAL_DELIVERY_STATUSES)[number];

/** Every status of a delivery (contract section 5). */
export const DELIVERY_STATUSES = ["pending", "processing", ...FINAL_DELIVERY_STATUSES] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** What was refused when a channel paused: the credential, or what it may do. */
export const PAUSE_REASONS = ["authentication", "permission"] as const;
export type PauseReason = (typeof PAUSE_REASONS)[number];

/** Why nothing is sent to a webhook endpoint any more: it said so itself, or failed for too long. */
export const DISABLED_REASONS = ["gone", "failing"] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];

/** What can come of a push to one device. */
export const DEVICE_RESULTS = ["success", "failed", "expired"] as const;
export type DeviceStatus = (typeof DEVICE_RESULTS)[number];

/** What the log of pushes says: of each device, or that there was none. */
export const PUSH_LOG_STATUSES = [...DEVICE_RESULTS, "no_device"] as const;
export type PushLogStatus = (typeof PUSH_LOG_STATUSES)[number];
