import { connect, type Socket } from "node:net";

/** An HTTP answer, with the header block as it came. */
export interface RawAnswer {
  status: number;
  head: string;
  body: string;
}

const HEAD_END = "\r\n\r\n";

/** Cuts one whole answer from the start of `text`; null while some of it is missing. A character is a byte. */
function parseAnswer(text: string): RawAnswer | null {
  const headEnd = text.indexOf(HEAD_END);
  if (headEnd < 0) return null;
  const head = text.slice(0, headEnd);
  const bodyStart = headEnd + HEAD_END.length;
  const status = Number(head.slice(9, 12));
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length !== undefined) {
    const end = bodyStart + Number(length);
    return text.length < end ? null : { status, head, body: text.slice(bodyStart, end) };
  }
  // Without a length the body is chunked (RFC 9112 section 7.1); nobody here needs it decoded.
  return text.endsWith(`0${HEAD_END}`) ? { status, head, body: text.slice(bodyStart) } : null;
}

/**
 * One keep-alive HTTP/1.1 connection with one request under way at a time.
 * It takes a fraction of the CPU of node:http, which matters where client and server share it.
 */
export class Connection {
  readonly #socket: Socket;
  #received = "";
  #waiting: ((answer: RawAnswer | null) => void) | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => this.#receive(chunk));
    // An error is followed by "close".
    socket.on("error", () => {});
    socket.on("close", () => this.#settle(null));
  }

  static open(url: URL): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(url.port), url.hostname);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new Connection(socket));
      });
    });
  }

  /** Sends a whole request (head and body) and waits for its answer; null when the connection ends before that. */
  send(request: string): Promise<RawAnswer | null> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#received = "";
      if (this.#socket.writable) this.#socket.write(request, "latin1");
      else this.#settle(null);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: string): void {
    this.#received += chunk;
    const answer = parseAnswer(this.#received);
    if (answer) this.#settle(answer);
  }

  #settle(answer: RawAnswer | null): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.(answer);
  }
}
