import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** What becomes of connections: they work, are refused, or are cut as soon as the server begins to answer. */
type Mood = "up" | "down" | "loses answers";

/**
 * A network between browser and Worker that can be taken away for real, for pages and service workers alike. The
 * browser does not notice: `navigator.onLine` stays true, as it does on dead Wi-Fi.
 *
 * @param target the port that the Worker listens on.
 */
export async function startNetwork(target: number) {
  let mood: Mood = "up";
  /** Whether the answer to a request that begins so is lost. */
  let lost: RegExp = /^/;
  let answersLost = 0;
  const sockets = new Set<Socket>();

  const server = createServer((client) => {
    if (mood === "down") {
      client.destroy();
      return;
    }
    const upstream = connect(target, "127.0.0.1");
    let swallows = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
      socket.on("error", () => socket.destroy());
    }
    client.on("data", (chunk: Buffer) => {
      if (mood === "loses answers" && lost.test(chunk.toString("latin1"))) swallows = true;
      upstream.write(chunk);
    });
    upstream.on("data", (chunk: Buffer) => {
      if (!swallows) {
        client.write(chunk);
        return;
      }
      answersLost += 1;
      client.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;

  return {
    /** What the browser opens. A name, since cookies and the origin check want one and the same. */
    origin: `http://localhost:${port}`,
    /** Cuts every connection, and refuses new ones until `up`. */
    down(): void {
      mood = "down";
      for (const socket of sockets) socket.destroy();
    },
    up(): void {
      mood = "up";
    },
    /**
     * Lets requests through and loses their answers, from now on.
     *
     * @param request tested against the beginning of each request, such as `/^POST \/api\/tickets /`.
     */
    loseAnswers(request: RegExp): void {
      mood = "loses answers";
      lost = request;
    },
    /** How many answers have been lost so far. */
    answersLost: () => answersLost,
    close(): void {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

export type Network = Awaited<ReturnType<typeof startNetwork>>;
