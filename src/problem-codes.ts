import { REQUEST_PROBLEMS } from "./problem-codes/requests.ts";
import { SHOP_PROBLEMS } from "./problem-codes/shop.ts";

/**
 * Every error code that a client can meet, its HTTP status and its words in both languages (contract section 1).
 * `{name}` in a detail is filled from the error's `params`.
 */
export const PROBLEMS = { ...REQUEST_PROBLEMS, ...SHOP_PROBLEMS } as const;

export type ProblemCode = keyof typeof PROBLEMS;
