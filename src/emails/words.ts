import type { CustomerNews } from "../vocabulary/events.ts";
import type { Locale } from "../vocabulary/locales.ts";

interface Words {
  greeting: (name: string | null) => string;
  /** Subject and text of what the shop tells by itself. */
  news: Record<CustomerNews, { subject: string; text: string }>;
  ticket: string;
  machine: string;
  title: string;
  why: string;
  optOut: string;
}

/** Everything that an e-mail says beside what a person wrote. */
export const EMAIL_WORDS: Record<Locale, Words> = {
  en: {
    greeting: (name) => (name ? `Hello ${name},` : "Hello,"),
    news: {
      received: {
        subject: "We have received your request",
        text: "Your request has been received. We will keep you informed.",
      },
      started: { subject: "Work has started", text: "A technician is working on your machine." },
      waiting_parts: {
        subject: "Waiting for parts",
        text: "The repair is waiting for parts. We will go on as soon as they arrive.",
      },
      completed: { subject: "Work is completed", text: "The work on your machine is completed." },
    },
    ticket: "Ticket",
    machine: "Machine",
    title: "About",
    why: "You receive this message because of a maintenance ticket that concerns you.",
    optOut: "Stop receiving e-mails",
  },
  fr: {
    greeting: (name) => (name ? `Bonjour ${name},` : "Bonjour,"),
    news: {
      received: {
        subject: "Nous avons reçu votre demande",
        text: "Votre demande a été reçue. Nous vous tiendrons au courant.",
      },
      started: {
        subject: "Les travaux ont commencé",
        text: "Une technicienne ou un technicien travaille sur votre machine.",
      },
      waiting_parts: {
        subject: "En attente de pièces",
        text: "La réparation attend des pièces. Nous reprendrons dès leur arrivée.",
      },
      completed: { subject: "Les travaux sont terminés", text: "Les travaux sur votre machine sont terminés." },
    },
    ticket: "Billet",
    machine: "Machine",
    title: "Objet",
    why: "Vous recevez ce message en raison d'un billet de maintenance qui vous concerne.",
    optOut: "Ne plus recevoir de courriels",
  },
};

/** The words of the page behind an opt-out link. */
export const OPT_OUT_WORDS: Record<Locale, Record<"title" | "ask" | "confirm" | "done" | "unknown", string>> = {
  en: {
    title: "E-mails about maintenance",
    ask: "Stop sending e-mails to this address?",
    confirm: "Stop receiving e-mails",
    done: "Done: this address receives no more e-mails.",
    unknown: "This link is not valid, or no longer is.",
  },
  fr: {
    title: "Courriels de maintenance",
    ask: "Cesser d'envoyer des courriels à cette adresse ?",
    confirm: "Ne plus recevoir de courriels",
    done: "C'est fait : cette adresse ne reçoit plus de courriels.",
    unknown: "Ce lien n'est pas valide, ou ne l'est plus.",
  },
};
