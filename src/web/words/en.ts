import type { TicketPriority } from "../../vocabulary/priorities.ts";
import type { Role } from "../../vocabulary/roles.ts";
import type { TicketStatus } from "../../vocabulary/statuses.ts";
import { plural } from "./plural.ts";

const s = plural("en");

/** Everything that the app says. English is the shape that every other language has to fill. */
export const en = {
  app: { name: "Shopfloor Tickets" },

  bar: { label: "Main", work: "My work", report: "Report", reports: "My reports", more: "More" },

  pages: {
    home: "My work",
    signIn: "Sign in",
    report: "Report a problem",
    label: "Report a problem",
    scan: "Scan a label",
    ticket: "Ticket",
    machines: "Machines",
    machine: "Machine",
    search: "Search",
    waiting: "Waiting to be sent",
    more: "More",
    settings: "Settings",
    desk: "Desk",
  },

  status: {
    received: "New",
    diagnostic: "Diagnosis",
    in_progress: "In progress",
    waiting_parts: "Waiting for parts",
    completed: "Done",
    cancelled: "Cancelled",
    archived: "Archived",
  } satisfies Record<TicketStatus, string>,

  priority: {
    low: "Low",
    medium: "Medium",
    high: "High",
    critical: "Critical",
  } satisfies Record<TicketPriority, string>,

  role: {
    operator: "Operator",
    technician: "Technician",
    supervisor: "Supervisor",
    admin: "Administrator",
  } satisfies Record<Role, string>,

  stopped: "Stopped",
  late: { since: (when: string) => `Late since ${when}` },

  signIn: {
    title: "Sign in",
    email: "E-mail",
    password: "Password",
    show: "Show",
    hide: "Hide",
    showPassword: "Show the password",
    submit: "Sign in",
    busy: "Signing in…",
    language: "Language",
    again: (name: string) => `Your session has ended. Sign in again as ${name}; what you were shown stays.`,
  },

  queue: {
    empty: "Nothing for you right now.",
    emptyUnassigned: (n: number) => s(n, { one: "1 ticket is nobody’s.", other: `${n} tickets are nobody’s.` }),
    unassigned: (n: number) => `Nobody’s yet (${n})`,
    list: "My open tickets",
    more: "Only the first are shown here. The others are under Search.",
  },

  reports: {
    title: "My reports",
    empty: "You have reported nothing yet.",
    report: "Report a problem",
    list: "What I have reported",
  },

  ticket: {
    for: "For",
    nobody: "nobody yet",
    by: "Reported by",
    machine: "Machine",
    due: "Due",
    finished: "Done",
    seen: "On the way since",
    description: "Description",
    attachments: "Files",
    history: "History",
    earlier: "There is more history before this.",
    open: (name: string) => `Open ${name}`,
    missing: "There is no such ticket.",
    missingHint: "It may have been deleted, or the number is not quite right.",
  },

  timeline: {
    somebody: "Somebody",
    created: (who: string) => `${who} reported it`,
    updated: (who: string) => `${who} changed the details`,
    status_changed: (who: string, status: string) => `${who}: ${status}`,
    assigned: (who: string, whom: string) => `${who} gave it to ${whom}`,
    taken: (who: string) => `${who} took it`,
    unassigned: (who: string) => `${who} left it to nobody`,
    commented: (who: string) => who,
    acknowledged: (who: string) => `${who} is on the way`,
    attached: (who: string, file: string) => `${who} added ${file}`,
    deleted: (who: string) => `${who} deleted it`,
    notified: (whom: string) => `${whom} was notified`,
    customerNotified: "The customer was notified",
    notification_failed: (whom: string) => `${whom} could not be reached`,
  },

  settings: {
    title: "Settings",
    you: "You",
    language: "Language",
    theme: "Colours",
    themes: { auto: "Auto", light: "Light", dark: "Dark" },
    buttons: "Buttons",
    sizes: { normal: "Normal", glove: "Gloves" },
    version: (version: string) => `Version ${version}`,
    signOut: "Sign out",
    signOutHint: "Hand this phone on: nothing of yours stays on it.",
    signingOut: "Signing out…",
    signOutFailed: "Signing out needs a network: nobody may stay signed in here unnoticed. Try again.",
  },

  more: { machines: "Machines", search: "Search", waiting: "Waiting to be sent", settings: "Settings" },

  states: {
    loading: "Loading",
    noNetwork: (time: string) => `No network · as of ${time}`,
    noNetworkYet: "No network",
    nothingHere: "This has not been on this phone yet, and there is no network.",
    stillTrying: "Still trying…",
    tryAgain: "Try again",
    signInAgain: "Your session has ended. Reading goes on.",
    signInAction: "Sign in",
    newVersion: "New version",
    reload: "Reload",
    needsNetwork: "This page needs a network the first time.",
    needsNetworkHint: "Once it has been opened, it works without.",
  },

  notFound: {
    title: "There is no such page",
    hint: "The address may be mistyped, or from another time.",
    home: "To my work",
  },
  notAllowed: {
    title: (who: string) => `This is for ${who}`,
    who: { technician: "technicians", supervisor: "supervisors", admin: "administrators" },
    hint: (role: string) => `You are signed in as ${role}. If you need this, ask a supervisor.`,
  },
  crash: {
    title: "Something broke here",
    hint: "Your reports are safe. Reloading mostly helps.",
    copy: "Copy the details",
    copied: "Copied",
  },
  later: { title: "Not here yet", hint: "This page is still being built." },

  problem: {
    network: "There is no network, or the server cannot be reached.",
  },

  back: "Back",
  close: "Close",
  today: "today",
  yesterday: "yesterday",
  bytes: (amount: string, unit: "kB" | "MB") => `${amount}\u202f${unit}`,
  hours: (hours: number, minutes: string) => `${hours}\u202fh\u202f${minutes}`,
  minutes: (minutes: number) => `${minutes}\u202fmin`,
  days: (days: number, hours: number) => `${days}\u202fd${hours > 0 ? ` ${hours}\u202fh` : ""}`,
};

export type Words = typeof en;
