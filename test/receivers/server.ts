import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Answer, Received, Report } from "./protocol.ts";

/** One scripted address: `/to/<name>` receives, `/control/<name>` scripts it and tells what came. */
interface Mailbox {
  /** Used up from the front; the last one stays. */
  answers: Answer[];
  requests: Received[];
  held: Set<() => void>;
  open: number;
  peak: number;
}

const FILLER = Buffer.alloc(64 * 1024, "x");

const read = async (request: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
};

/** Resolves when the response may take more, or is gone. */
const writable = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });

async function fill(response: ServerResponse, received: Received, bytes: number): Promise<void> {
  for (let left = bytes; left > 0 && !response.destroyed; ) {
    const part = FILLER.subarray(0, left);
    left -= part.length;
    received.sent += part.length;
    if (!response.write(part)) await writable(response);
  }
  response.end();
}

function drip(response: ServerResponse, received: Received, everyMs: number): void {
  response.flushHeaders();
  const timer = setInterval(() => {
    received.sent++;
    response.write("x");
  }, everyMs);
  response.once("close", () => clearInterval(timer));
}

async function answer(response: ServerResponse, received: Received, script: Answer): Promise<void> {
  if (script.close) {
    response.destroy();
    return;
  }
  response.writeHead(script.status ?? 200, script.headers);
  if (script.dripMs) drip(response, received, script.dripMs);
  else if (script.bytes) await fill(response, received, script.bytes);
  else response.end(script.body ?? "");
}

async function receive(box: Mailbox, request: IncomingMessage, response: ServerResponse): Promise<void> {
  box.peak = Math.max(box.peak, ++box.open);
  const script = (box.answers.length > 1 ? box.answers.shift() : box.answers[0]) ?? {};
  const body = await read(request);
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const received: Received = {
    method: request.method ?? "",
    headers,
    body: body.toString("base64"),
    at: Date.now(),
    state: "open",
    sent: 0,
  };
  box.requests.push(received);
  response.once("close", () => {
    box.open--;
    received.state = response.writableFinished ? "answered" : "cut";
  });
  if (script.hold) {
    await new Promise<void>((resolve) => {
      box.held.add(resolve);
      response.once("close", resolve);
    });
  }
  if (script.delayMs) await new Promise((resolve) => setTimeout(resolve, script.delayMs));
  if (!response.destroyed) await answer(response, received, script);
}

async function control(box: Mailbox, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === "PUT") {
    Object.assign(box, { answers: JSON.parse((await read(request)).toString()) as Answer[], requests: [], peak: 0 });
  }
  if (request.method === "POST") {
    const { count } = JSON.parse((await read(request)).toString()) as { count: number | null };
    for (const release of [...box.held].slice(0, count ?? box.held.size)) {
      box.held.delete(release);
      release();
    }
  }
  const report: Report = { requests: box.requests, open: box.open, peak: box.peak };
  response.setHeader("content-type", "application/json").end(JSON.stringify(report));
}

/**
 * Starts receivers: push services and webhook consumers whose answers a test scripts over HTTP (see `client.ts`).
 *
 * @param port 0 picks a free one.
 */
export async function startReceivers(port = 0) {
  const boxes = new Map<string, Mailbox>();
  const server = createServer((request, response) => {
    const [, kind = "", name = ""] = (request.url ?? "").split("/");
    let box = boxes.get(name);
    if (!box) {
      box = { answers: [], requests: [], held: new Set(), open: 0, peak: 0 };
      boxes.set(name, box);
    }
    const done = kind === "control" ? control(box, request, response) : receive(box, request, response);
    done.catch(() => response.destroy());
  });
  // workerd keeps connections for the next request, which fails when the server has given the connection up meanwhile.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
