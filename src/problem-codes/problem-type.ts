import type { ContentfulStatusCode } from "hono/utils/http-status";

interface Text {
  title: string;
  detail: string;
}

export interface ProblemType {
  status: ContentfulStatusCode;
  en: Text;
  fr: Text;
}

/** One code: its status, and title and detail in both languages. */
export const problem = (status: ContentfulStatusCode, en: [string, string], fr: [string, string]): ProblemType => ({
  status,
  en: { title: en[0], detail: en[1] },
  fr: { title: fr[0], detail: fr[1] },
});
