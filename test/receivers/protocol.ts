/** What a receiver does with one request. */
export interface Answer {
  /** 200 unless told otherwise. */
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  /** Sends this many bytes of filler as the body, as fast as they are taken. */
  bytes?: number;
  /** Sends the head at once and then a byte each this many milliseconds, for ever. */
  dripMs?: number;
  /** Keeps the request open until it is released or given up, then answers. */
  hold?: boolean;
  /** Answers after this many milliseconds. */
  delayMs?: number;
  /** Breaks the connection without an answer. */
  close?: boolean;
}

/** One request as it came in. */
export interface Received {
  method: string;
  headers: Record<string, string>;
  /** The raw body in base64. */
  body: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** `open`: still without an answer. `cut`: the sender hung up before the end of the answer. */
  state: "open" | "answered" | "cut";
  /** Bytes of the answer's body that left the receiver. */
  sent: number;
}

/** What one receiver has seen. */
export interface Report {
  requests: Received[];
  /** Requests without an answer yet. */
  open: number;
  /** Most requests that were open at the same time. */
  peak: number;
}
