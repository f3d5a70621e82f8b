import { can, type Permission, type Role } from "../vocabulary/roles.ts";

interface Page {
  /** As the Worker's and the app's router both read it: `:name` stands for one segment. */
  path: string;
  /** Who may see it: whoever has this right, whoever is signed in, or anybody. */
  permission: Permission | "signed-in" | "anybody";
}

/**
 * Every page of the app. The Worker answers these addresses with the app, and all others with 404; the app's router
 * finds the module of each in `src/web/modules.ts`.
 */
export const PAGES = {
  home: { path: "/", permission: "signed-in" },
  signIn: { path: "/sign-in", permission: "anybody" },
  report: { path: "/report", permission: "tickets:create" },
  label: { path: "/m/:token", permission: "tickets:create" },
  scan: { path: "/scan", permission: "machines:read" },
  ticket: { path: "/tickets/:ref", permission: "tickets:read" },
  machines: { path: "/machines", permission: "machines:read" },
  machine: { path: "/machines/:id", permission: "machines:read" },
  search: { path: "/search", permission: "tickets:read" },
  waiting: { path: "/waiting", permission: "signed-in" },
  more: { path: "/more", permission: "signed-in" },
  settings: { path: "/settings", permission: "anybody" },
  desk: { path: "/desk", permission: "stats:read" },
} as const satisfies Record<string, Page>;

export type PageName = keyof typeof PAGES;
export const PAGE_NAMES = Object.keys(PAGES) as PageName[];

/** Whether somebody of this role may see a page; null: nobody is signed in. */
export function maySee(role: Role | null, name: PageName): boolean {
  const { permission } = PAGES[name];
  if (permission === "anybody") return true;
  return role !== null && (permission === "signed-in" || can(role, permission));
}
