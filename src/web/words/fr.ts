import type { Words } from "./en.ts";
import { plural } from "./plural.ts";

const s = plural("fr");

export const fr = {
  app: { name: "Shopfloor Tickets" },

  bar: { label: "Principal", work: "Mon travail", report: "Signaler", reports: "Mes signalements", more: "Plus" },

  pages: {
    home: "Mon travail",
    signIn: "Connexion",
    report: "Signaler un problème",
    label: "Signaler un problème",
    scan: "Scanner une étiquette",
    ticket: "Billet",
    machines: "Machines",
    machine: "Machine",
    search: "Recherche",
    waiting: "En attente d’envoi",
    more: "Plus",
    settings: "Réglages",
    desk: "Bureau",
  },

  status: {
    received: "Nouveau",
    diagnostic: "Diagnostic",
    in_progress: "En cours",
    waiting_parts: "Attente de pièces",
    completed: "Terminé",
    cancelled: "Annulé",
    archived: "Archivé",
  },

  priority: { low: "Basse", medium: "Moyenne", high: "Haute", critical: "Critique" },

  role: {
    operator: "Opérateur",
    technician: "Technicien",
    supervisor: "Superviseur",
    admin: "Administrateur",
  },

  stopped: "Arrêtée",
  late: { since: (when) => `En retard depuis ${when}` },

  signIn: {
    title: "Connexion",
    email: "Courriel",
    password: "Mot de passe",
    show: "Voir",
    hide: "Cacher",
    showPassword: "Voir le mot de passe",
    submit: "Se connecter",
    busy: "Connexion…",
    language: "Langue",
    again: (name) => `Votre session est terminée. Reconnectez-vous, ${name}\u202f: ce qui était affiché reste.`,
  },

  queue: {
    empty: "Rien pour vous en ce moment.",
    emptyUnassigned: (n) => s(n, { one: "1 billet n’est à personne.", other: `${n} billets ne sont à personne.` }),
    unassigned: (n) => `À personne (${n})`,
    list: "Mes billets ouverts",
    more: "Seuls les premiers sont ici. Les autres se trouvent par la recherche.",
  },

  reports: {
    title: "Mes signalements",
    empty: "Vous n’avez encore rien signalé.",
    report: "Signaler un problème",
    list: "Ce que j’ai signalé",
  },

  ticket: {
    for: "Pour",
    nobody: "personne encore",
    by: "Signalé par",
    machine: "Machine",
    due: "Échéance",
    finished: "Terminé",
    seen: "Pris en charge",
    description: "Description",
    attachments: "Fichiers",
    history: "Historique",
    earlier: "Il y a des événements plus anciens.",
    open: (name) => `Ouvrir ${name}`,
    missing: "Ce billet n’existe pas.",
    missingHint: "Il a peut-être été supprimé, ou le numéro n’est pas tout à fait le bon.",
  },

  timeline: {
    somebody: "Quelqu’un",
    created: (who) => `Signalé par ${who}`,
    updated: (who) => `${who} a modifié les détails`,
    status_changed: (who, status) => `${who}\u202f: ${status}`,
    assigned: (who, whom) => `${who} l’a confié à ${whom}`,
    taken: (who) => `${who} l’a pris`,
    unassigned: (who) => `${who} ne l’a laissé à personne`,
    commented: (who) => who,
    acknowledged: (who) => `${who} y va`,
    attached: (who, file) => `${who} a joint ${file}`,
    deleted: (who) => `${who} l’a supprimé`,
    notified: (whom) => `${whom} a reçu la notification`,
    customerNotified: "Le client a été avisé",
    notification_failed: (whom) => `${whom} n’a pas pu être joint`,
  },

  settings: {
    title: "Réglages",
    you: "Vous",
    language: "Langue",
    theme: "Couleurs",
    themes: { auto: "Auto", light: "Clair", dark: "Sombre" },
    buttons: "Boutons",
    sizes: { normal: "Normaux", glove: "Gants" },
    version: (version) => `Version ${version}`,
    signOut: "Se déconnecter",
    signOutHint: "Pour passer ce téléphone\u202f: rien de vous n’y reste.",
    signingOut: "Déconnexion…",
    signOutFailed:
      "Se déconnecter demande le réseau\u202f: personne ne doit rester connecté sans le savoir. Réessayez.",
  },

  more: { machines: "Machines", search: "Recherche", waiting: "En attente d’envoi", settings: "Réglages" },

  states: {
    loading: "Chargement",
    noNetwork: (time) => `Pas de réseau · état de ${time}`,
    noNetworkYet: "Pas de réseau",
    nothingHere: "Ceci n’est pas encore sur ce téléphone, et il n’y a pas de réseau.",
    stillTrying: "Toujours en cours…",
    tryAgain: "Réessayer",
    signInAgain: "Votre session est terminée. La lecture continue.",
    signInAction: "Connexion",
    newVersion: "Nouvelle version",
    reload: "Recharger",
    needsNetwork: "Cette page demande le réseau la première fois.",
    needsNetworkHint: "Une fois ouverte, elle s’en passe.",
  },

  notFound: {
    title: "Cette page n’existe pas",
    hint: "L’adresse est peut-être mal écrite, ou ancienne.",
    home: "À mon travail",
  },
  notAllowed: {
    title: (who) => `C’est pour les ${who}`,
    who: { technician: "techniciens", supervisor: "superviseurs", admin: "administrateurs" },
    hint: (role) => `Vous êtes connecté comme ${role}. S’il vous le faut, demandez à un superviseur.`,
  },
  crash: {
    title: "Quelque chose s’est cassé ici",
    hint: "Vos signalements sont en sécurité. Recharger aide le plus souvent.",
    copy: "Copier les détails",
    copied: "Copié",
  },
  later: { title: "Pas encore ici", hint: "Cette page est en construction." },

  problem: {
    network: "Pas de réseau, ou le serveur ne répond pas.",
  },

  back: "Retour",
  close: "Fermer",
  today: "aujourd’hui",
  yesterday: "hier",
  bytes: (amount, unit) => `${amount}\u202f${unit === "MB" ? "Mo" : "ko"}`,
  hours: (hours, minutes) => `${hours}\u202fh\u202f${minutes}`,
  minutes: (minutes) => `${minutes}\u202fmin`,
  days: (days, hours) => `${days}\u202fj${hours > 0 ? ` ${hours}\u202fh` : ""}`,
} satisfies Words;
