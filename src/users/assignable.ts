import { can, ROLES } from "../vocabulary/roles.ts";

const ROLES_THAT_TAKE = ROLES.filter((role) => can(role, "tickets:take")).map((role) => `'${role}'`);

/** SQL: whether the user in the row `user` can be given a ticket: they are active, and their role lets them take one. */
export const isAssignable = (user: string): string =>
  `(${user}.active = 1 AND ${user}.role IN (${ROLES_THAT_TAKE.join(", ")}))`;
