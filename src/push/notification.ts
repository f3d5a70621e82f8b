import { fitJson } from "../outgoing/fit-json.ts";
import { PUSH_EVENTS, type PushEvent } from "../vocabulary/events.ts";
import type { Locale } from "../vocabulary/locales.ts";
import { PRIORITIES, type TicketPriority } from "../vocabulary/priorities.ts";
import { STATUSES, type TicketStatus } from "../vocabulary/statuses.ts";

/** Largest plaintext that encrypts into the 4096 bytes every push service takes (RFC 8291 section 4). */
export const PLAINTEXT_LIMIT_BYTES = 3993;
/** What is sent to a service that finds even that too large. */
export const SMALL_PLAINTEXT_LIMIT_BYTES = 1000;

/** What the outbox keeps for a push. */
export interface PushPayload {
  type: string;
  timestamp: string;
  ticket?: {
    id: number;
    ticket_id: string;
    title: string;
    priority: TicketPriority;
    status: TicketStatus;
    machine_name: string;
  };
  /** For `webhook.disabled`: the host that was switched off. */
  url?: string;
  /** For `channel.paused`: which one. */
  channel?: string;
}

/** What the service worker on the device gets. */
export interface Notification {
  /** The delivery's id, the same on every try. */
  id: string;
  title: string;
  body: string;
  tag: string;
  actions: { action: string; title: string }[];
  data: { url: string; ticket_id?: string; priority?: TicketPriority };
}

const WORDS = {
  en: {
    view: "View",
    acknowledge: "On my way!",
    test: { title: "Test notification", body: "This device receives notifications." },
    webhookDisabled: { title: "Webhook switched off", body: (host: string) => `${host} no longer accepts deliveries.` },
    channelPaused: {
      title: "Deliveries paused",
      body: (channel: string) => `${channel} refuses our key: nothing is sent.`,
    },
  },
  fr: {
    view: "Voir",
    acknowledge: "J'y vais !",
    test: { title: "Notification d'essai", body: "Cet appareil reçoit les notifications." },
    webhookDisabled: { title: "Webhook désactivé", body: (host: string) => `${host} n'accepte plus les envois.` },
    channelPaused: {
      title: "Envois suspendus",
      body: (channel: string) => `${channel} refuse notre clé : rien ne part.`,
    },
  },
};

function headline(language: Locale, type: string, ticket: NonNullable<PushPayload["ticket"]>): string {
  const known = type in PUSH_EVENTS ? (type as PushEvent) : "ticket.updated";
  // As functions, because a machine's name may hold what replace() would take for a pattern.
  return PUSH_EVENTS[known][language]
    .replace("{status}", () => STATUSES[ticket.status].words[language])
    .replace("{machine}", () => ticket.machine_name);
}

function aboutNoTicket(words: (typeof WORDS)[Locale], { type, url, channel }: PushPayload) {
  if (type === "webhook.disabled") {
    return { title: words.webhookDisabled.title, body: words.webhookDisabled.body(url ?? "") };
  }
  if (type === "channel.paused") {
    return { title: words.channelPaused.title, body: words.channelPaused.body(channel ?? "") };
  }
  return words.test;
}

/** Puts an event into words, in the language of the person who gets it. */
export function notification(id: string, payload: PushPayload, language: Locale): Notification {
  const words = WORDS[language];
  const { ticket } = payload;
  if (!ticket) return { id, ...aboutNoTicket(words, payload), tag: payload.type, actions: [], data: { url: "/" } };
  return {
    id,
    title: headline(language, payload.type, ticket),
    body: `[${PRIORITIES[ticket.priority].words[language].toUpperCase()}] ${ticket.title}`,
    tag: ticket.ticket_id,
    actions: [
      { action: "view", title: words.view },
      { action: "acknowledge", title: words.acknowledge },
    ],
    data: { ticket_id: ticket.ticket_id, url: `/tickets/${ticket.ticket_id}`, priority: ticket.priority },
  };
}

/** The notification as JSON of at most `limit` bytes: what is too long is cut between two characters. */
export const encodeNotification = (message: Notification, limit = PLAINTEXT_LIMIT_BYTES): string =>
  fitJson(message, limit, (name, text) => ({ [name]: `${text}…` }));
