import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Locale } from "../vocabulary/locales.ts";

interface Text {
  title: string;
  detail: string;
}

/** Its words in every language, and its status. */
export interface ProblemType extends Record<Locale, Text> {
  status: ContentfulStatusCode;
}

/** One code: its status, and title and detail in both languages. */
export const problem = (status: ContentfulStatusCode, en: [string, string], fr: [string, string]): ProblemType => ({
  status,
  en: { title: en[0], detail: en[1] },
  fr: { title: fr[0], detail: fr[1] },
});
