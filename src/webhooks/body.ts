import { fitJson } from "../outgoing/fit-json.ts";

/** Receivers are promised bodies under 20 KB (contract section 5). */
const BODY_LIMIT_BYTES = 19_999;

export interface EventPayload {
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}

/** The body as sent: the event under its id. A text that was cut has a member `<name>_truncated` beside it. */
export const webhookBody = (id: string, payload: EventPayload): string =>
  fitJson({ id, ...payload }, BODY_LIMIT_BYTES, (name, text) => ({ [name]: text, [`${name}_truncated`]: true }));
