import { and, asc, eq, gt, type SQL, sql } from "drizzle-orm";
import type { Context } from "../context.ts";
import { users } from "../db/schema.ts";
import { decodeId, paginateById } from "../http/cursor.ts";
import { AppError } from "../problem.ts";
import { fold } from "../search/words.ts";
import { isAssignable } from "./assignable.ts";
import { userColumns } from "./row.ts";
import { ASSIGNABLE_MAX, type AssignableUser, type UserListQuery } from "./schemas.ts";

// SQLite's lower() knows ASCII only, and people here are called Élodie: one replace() for each accented letter of
// French, German and Spanish. D1 takes no expression deeper than 100, which is some 45 of them.
const ACCENTED = [..."ÀÁÂÄÇÈÉÊËÍÎÏÑÓÔÖÙÚÛÜàáâäçèéêëíîïñóôöùúûü"];
const FOLDED_PERSON = sql.raw(
  `lower(${ACCENTED.reduce((text, letter) => `replace(${text}, '${letter}', '${fold(letter)}')`, "users.name || ' ' || users.email")})`,
);

/** People with each blank-separated piece of `q` in their name or e-mail address. */
function matching(q: string | undefined): SQL | undefined {
  if (!q) return undefined;
  // instr() and not LIKE: nothing that a person types is a pattern.
  return sql`NOT EXISTS (SELECT 1 FROM json_each(${JSON.stringify(fold(q).split(/\s+/))}) AS piece
                         WHERE instr(${FOLDED_PERSON}, piece.value) = 0)`;
}

/**
 * A page of users, oldest first.
 *
 * @throws AppError `invalid_cursor`.
 */
export async function listUsers(ctx: Context, query: UserListQuery) {
  const after = decodeId("users", query.cursor);
  const rows = await ctx.db
    .select(userColumns)
    .from(users)
    .where(
      and(
        after ? gt(users.id, after) : undefined,
        query.role ? eq(users.role, query.role) : undefined,
        query.active === undefined ? undefined : eq(users.active, query.active),
        matching(query.q),
      ),
    )
    .orderBy(asc(users.id))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginateById("users", rows, query.limit);
  return { users: page, next_cursor };
}

/**
 * One user.
 *
 * @throws AppError `user_not_found`.
 */
export async function getUser(ctx: Context, id: number) {
  const [row] = await ctx.db.select(userColumns).from(users).where(eq(users.id, id)).limit(1);
  if (!row) throw new AppError("user_not_found");
  return row;
}

/** A person as whoever gives out tickets sees them. */
export const assignableColumns = { id: users.id, name: users.name, role: users.role };

/** A query of who may be given a ticket, by name: active people whose role lets them take one. */
export const selectAssignable = (ctx: Context): D1PreparedStatement =>
  ctx.env.DB.prepare(
    `SELECT id, name, role FROM users WHERE ${isAssignable("users")} ORDER BY name, id LIMIT ${ASSIGNABLE_MAX}`,
  );

/** Who may be given a ticket, by name. */
export async function listAssignable(ctx: Context) {
  return { users: (await selectAssignable(ctx).all<AssignableUser>()).results, next_cursor: null };
}
