import { fitJson } from "../deliveries/fit-json.ts";
import type { Locale } from "../problem.ts";

/** Largest plaintext that encrypts into the 4096 bytes every push service takes (RFC 8291 section 4). */
export const PLAINTEXT_LIMIT_BYTES = 3993;
/** What is sent to a service that finds even that too large. */
export const SMALL_PLAINTEXT_LIMIT_BYTES = 1000;

type Priority = "low" | "medium" | "high" | "critical";
type TicketStatus =
  | "received"
  | "diagnostic"
  | "in_progress"
  | "waiting_parts"
  | "completed"
  | "cancelled"
  | "archived";

/** What the outbox keeps for a push. */
export interface PushPayload {
  type: string;
  timestamp: string;
  ticket?: {
    id: number;
    ticket_id: string;
    title: string;
    priority: Priority;
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
  data: { url: string; ticket_id?: string; priority?: Priority };
}

/** What people are told about tickets by push. */
export type PushEvent =
  | "ticket.assigned"
  | "ticket.unassigned"
  | "ticket.updated"
  | "ticket.status_changed"
  | "ticket.completed"
  | "ticket.commented"
  | "ticket.acknowledged"
  | "ticket.overdue"
  | "ticket.escalated";

const WORDS = {
  en: {
    priority: { low: "LOW", medium: "MEDIUM", high: "HIGH", critical: "CRITICAL" },
    headlines: {
      "ticket.assigned": "New: {machine}",
      "ticket.unassigned": "Reassigned: {machine}",
      "ticket.updated": "Updated: {machine}",
      "ticket.status_changed": "{status}: {machine}",
      "ticket.completed": "Completed: {machine}",
      "ticket.commented": "Comment: {machine}",
      "ticket.acknowledged": "On the way: {machine}",
      "ticket.overdue": "Overdue: {machine}",
      "ticket.escalated": "Nobody on it yet: {machine}",
    },
    status: {
      received: "Received",
      diagnostic: "Diagnosis",
      in_progress: "In progress",
      waiting_parts: "Waiting for parts",
      completed: "Completed",
      cancelled: "Cancelled",
      archived: "Archived",
    },
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
    priority: { low: "BASSE", medium: "MOYENNE", high: "HAUTE", critical: "CRITIQUE" },
    headlines: {
      "ticket.assigned": "Nouveau : {machine}",
      "ticket.unassigned": "Réassigné : {machine}",
      "ticket.updated": "Modifié : {machine}",
      "ticket.status_changed": "{status} : {machine}",
      "ticket.completed": "Terminé : {machine}",
      "ticket.commented": "Commentaire : {machine}",
      "ticket.acknowledged": "Pris en charge : {machine}",
      "ticket.overdue": "En retard : {machine}",
      "ticket.escalated": "Personne n'y est encore : {machine}",
    },
    status: {
      received: "Reçu",
      diagnostic: "Diagnostic",
      in_progress: "En cours",
      waiting_parts: "En attente de pièces",
      completed: "Terminé",
      cancelled: "Annulé",
      archived: "Archivé",
    },
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

function headline(words: (typeof WORDS)[Locale], type: string, ticket: NonNullable<PushPayload["ticket"]>): string {
  const template = type in words.headlines ? words.headlines[type as PushEvent] : words.headlines["ticket.updated"];
  // As functions, because a machine's name may hold what replace() would take for a pattern.
  return template
    .replace("{status}", () => words.status[ticket.status])
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
    title: headline(words, payload.type, ticket),
    body: `[${words.priority[ticket.priority]}] ${ticket.title}`,
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
