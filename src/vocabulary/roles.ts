/** From least to most trusted. Each role may do everything that the one before it may (contract section 2). */
export const ROLES = ["operator", "technician", "supervisor", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Every right of the application and the least role that has it: the role table of the contract, as data. */
export const PERMISSIONS = {
  "tickets:read": "operator",
  "tickets:create": "operator",
  "tickets:comment": "operator",
  "machines:read": "operator",
  "tickets:work": "technician",
  "tickets:take": "technician",
  "tickets:attach": "technician",
  "tickets:edit": "supervisor",
  "tickets:csv": "supervisor",
  "tickets:delete": "admin",
  "stats:read": "supervisor",
  "tickets:assign": "supervisor",
  "machines:manage": "supervisor",
  "customers:manage": "supervisor",
  "customers:erase": "admin",
  "emails:read": "supervisor",
  "emails:send": "supervisor",
  "deliveries:read": "supervisor",
  "deliveries:retry": "supervisor",
  "deliveries:cleanup": "admin",
  "webhooks:manage": "admin",
  "sync:manage": "admin",
  "users:manage": "admin",
  "api_keys:manage": "admin",
} as const satisfies Record<string, Role>;

export type Permission = keyof typeof PERMISSIONS;

export const can = (role: Role, permission: Permission): boolean =>
  ROLES.indexOf(role) >= ROLES.indexOf(PERMISSIONS[permission]);
