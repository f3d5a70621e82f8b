import type { Words } from "./locales.ts";
/** What webhooks can be told about (contract section 5). */
export const WEBHOOK_EVENTS = [
  "ticket.created",
  "ticket.updated",
  "ticket.status_changed",
  "ticket.assigned",
  "ticket.commented",
  "ticket.deleted",
  "machine.status_changed",
  "notification.fallback",
  "customer.notify",
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** What people are told about tickets by push, and the headline that says it. */
export const PUSH_EVENTS = {
  "ticket.assigned": { en: "New: {machine}", fr: "Nouveau : {machine}" },
  "ticket.unassigned": { en: "Reassigned: {machine}", fr: "Réassigné : {machine}" },
  "ticket.updated": { en: "Updated: {machine}", fr: "Modifié : {machine}" },
  "ticket.status_changed": { en: "{status}: {machine}", fr: "{status} : {machine}" },
  "ticket.completed": { en: "Completed: {machine}", fr: "Terminé : {machine}" },
  "ticket.commented": { en: "Comment: {machine}", fr: "Commentaire : {machine}" },
  "ticket.acknowledged": { en: "On the way: {machine}", fr: "Pris en charge : {machine}" },
  "ticket.overdue": { en: "Overdue: {machine}", fr: "En retard : {machine}" },
  "ticket.escalated": { en: "Nobody on it yet: {machine}", fr: "Personne n'y est encore : {machine}" },
} as const satisfies Record<string, Words>;
export type PushEvent = keyof typeof PUSH_EVENTS;

/** What a customer is told about a ticket that names them. */
export const CUSTOMER_NEWS = ["received", "started", "waiting_parts", "completed"] as const;
export type CustomerNews = (typeof CUSTOMER_NEWS)[number];
