import { AppError } from "../../problem.ts";

/** The refusal of a file that is no table of tickets, with the reason in both languages. */
export const unreadable = (en: string, fr: string): AppError =>
  new AppError("invalid_csv", { params: { reason: { en, fr } } });
