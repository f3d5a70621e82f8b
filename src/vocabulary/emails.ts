import { CUSTOMER_NEWS } from "./events.ts";

/** What has become of a mail to one address (contract section 7). */
export const EMAIL_STATUSES = ["queued", "sent", "failed", "suppressed"] as const;
export type EmailStatus = (typeof EMAIL_STATUSES)[number];

/** Who fetched its pixel. */
export const OPENED_BY = ["person", "machine", "unknown"] as const;
export type OpenedBy = (typeof OPENED_BY)[number];

/** Which words a mail is made of: what a person wrote, or news of a ticket. */
export const TEMPLATES = ["message", ...CUSTOMER_NEWS] as const;
export type Template = (typeof TEMPLATES)[number];
