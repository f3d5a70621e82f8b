import type { ComponentType } from "preact";
import type { PageProps } from "./app/props.ts";
import type { PageName } from "./pages.ts";

type Module = Promise<{ default: ComponentType<PageProps> }>;

/** The code of each page, fetched when it is first opened; the first page of all comes with the app. */
export const MODULES: Record<Exclude<PageName, "home">, () => Module> = {
  signIn: () => import("./phone/SignIn.tsx"),
  report: () => import("./phone/Later.tsx"),
  label: () => import("./phone/Later.tsx"),
  scan: () => import("./phone/Later.tsx"),
  ticket: () => import("./phone/Ticket.tsx"),
  machines: () => import("./phone/Later.tsx"),
  machine: () => import("./phone/Later.tsx"),
  search: () => import("./phone/Later.tsx"),
  waiting: () => import("./phone/Later.tsx"),
  more: () => import("./phone/More.tsx"),
  settings: () => import("./phone/Settings.tsx"),
  desk: () => import("./phone/Later.tsx"),
};
