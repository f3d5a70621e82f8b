import type { z } from "zod";
import type { Attachment, AttachmentListOutput } from "../../attachments/schemas.ts";
import type { SignedInUser, SignInInput, SignInOutput } from "../../sessions/schemas.ts";
import type { Ticket, TicketListOutput, TicketWithTimelineOutput, TimelineEntry } from "../../tickets/schemas.ts";
import type { MeOutput, UpdateMeInput } from "../../users/schemas.ts";

export type { Attachment, Ticket, TimelineEntry };
export type User = z.output<typeof SignedInUser>;
export type TicketWithTimeline = z.output<typeof TicketWithTimelineOutput>["ticket"];

interface Endpoint {
  /** Values of the `{names}` in the path. */
  params?: Record<string, string | number>;
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  answer: unknown;
}

/** What the app asks of the API, by method and path: what goes in and what comes out, by the schemas that validate it. */
export interface Endpoints {
  "POST /api/auth/sign-in/email": { body: z.input<typeof SignInInput>; answer: z.output<typeof SignInOutput> };
  "POST /api/auth/sign-out": { answer: null };
  "GET /api/me": { answer: z.output<typeof MeOutput> };
  "PATCH /api/me": { body: z.input<typeof UpdateMeInput>; answer: z.output<typeof MeOutput> };
  "GET /api/me/queue": { query: { limit?: number }; answer: z.output<typeof TicketListOutput> };
  "GET /api/tickets": {
    query: { status?: string; assigned_to?: string; reported_by?: number; limit?: number; sort?: string };
    answer: z.output<typeof TicketListOutput>;
  };
  "GET /api/tickets/{ref}": { params: { ref: string }; answer: z.output<typeof TicketWithTimelineOutput> };
  "GET /api/tickets/{ref}/attachments": {
    params: { ref: string };
    query: { limit?: number };
    answer: z.output<typeof AttachmentListOutput>;
  };
}

export type EndpointName = keyof Endpoints;
type Input = Omit<Endpoint, "answer">;
/** What a request of this kind is given. */
export type InputOf<Name extends EndpointName> =
  Omit<Endpoints[Name], "answer"> extends infer Given extends Input ? Given : never;
export type AnswerOf<Name extends EndpointName> = Endpoints[Name]["answer"];
