import { signal } from "@preact/signals";

/** How many of this person's reports and changes wait on this phone to be sent. */
export const waitingCount = signal(0);
