/** Everything that an entry of a ticket's timeline can say. */
export const TIMELINE_ACTIONS = [
  "created",
  "updated",
  "status_changed",
  "assigned",
  "commented",
  "acknowledged",
  "attached",
  "deleted",
  "notified",
  "notification_failed",
] as const;
export type TimelineAction = (typeof TIMELINE_ACTIONS)[number];
