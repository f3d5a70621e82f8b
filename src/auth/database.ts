import { type CustomAdapter, createAdapterFactory } from "better-auth/adapters";
import { getTableColumns } from "drizzle-orm";
import type { Context } from "../context.ts";
import { jsonObjectText } from "../db/json.ts";
import { accounts } from "../db/schema.ts";

type Row = Record<string, unknown>;

/** A person with the credentials that they may sign in by, as `selectAccount` gives them. */
export interface Account extends Row {
  /** JSON. */
  accounts: string;
}

/** What a sign-in has read beforehand, and what it leaves to be written. */
export interface SignIn {
  account: Account | undefined;
  /** The columns of the session that it opens. */
  session?: Row;
}

const SELECT_ACCOUNT = `
  SELECT *, (
    SELECT json_group_array(${jsonObjectText(getTableColumns(accounts))}) FROM accounts WHERE user_id = users.id
  ) AS accounts
  FROM users WHERE email = ?`;

/** A query of an account, for a sign-in. @param email in lower case. */
export const selectAccount = (ctx: Context, email: string): D1PreparedStatement =>
  ctx.env.DB.prepare(SELECT_ACCOUNT).bind(email);

const notHere = (what: string): never => {
  throw new Error(`better-auth asks for ${what}`);
};

/**
 * What better-auth takes for its database: of a sign-in, which reads one account and opens one session. The account is
 * read with the guess, and the session is written with what follows from it, so that a sign-in takes two trips.
 * Whatever else it could ask for is done by verbs of ours, and fails.
 */
export const signInDatabase = (current: () => SignIn) =>
  createAdapterFactory({
    config: { adapterId: "sign-in", supportsDates: false, supportsBooleans: false },
    adapter: (): CustomAdapter => ({
      findOne: async <T>({ model }: { model: string }) => {
        if (model !== "users") return notHere(model);
        const { account } = current();
        return account ? ({ ...account, accounts: JSON.parse(account.accounts) } as T) : null;
      },
      create: async <T extends object>({ model, data }: { model: string; data: T }) => {
        if (model !== "sessions") return notHere(model);
        current().session = data as Row;
        // Its id is given when it is written.
        return { ...data, id: 0 };
      },
      update: async () => notHere("update"),
      delete: async () => notHere("delete"),
      deleteMany: async () => notHere("deleteMany"),
      findMany: async () => notHere("findMany"),
      updateMany: async () => notHere("updateMany"),
      count: async () => notHere("count"),
    }),
  });
