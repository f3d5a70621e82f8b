import { AppError } from "../problem.ts";

/**
 * SQL: there are fewer of `rows` than there may be. In the statement that adds one, make NULL of a column that takes none
 * where it does not hold: NOT NULL then refuses the batch, and of any number who add at once none is let in too many.
 *
 * @param rows what follows FROM; no more than `maximum` of them are read.
 */
export const hasRoom = (rows: string, maximum: number): string =>
  `(SELECT COUNT(*) FROM (SELECT 1 FROM ${rows} LIMIT ${maximum})) < ${maximum}`;

/** The refusal to add one more. */
export const tooMany = (maximum: number): AppError =>
  new AppError("too_many", { params: { maximum }, members: { maximum } });
