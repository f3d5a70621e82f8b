/** Ways to reach a customer (contract section 6). */
export const CONTACT_KINDS = ["phone", "sms", "whatsapp", "email"] as const;
export type ContactKind = (typeof CONTACT_KINDS)[number];

/** Ways that a contact can have taken. */
export const HISTORY_CHANNELS = [...CONTACT_KINDS, "in_person"] as const;

/** Who reached whom: the shop the customer, or the customer the shop. */
export const CONTACT_DIRECTIONS = ["outbound", "inbound"] as const;
