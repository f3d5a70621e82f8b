import { connect } from "node:net";
import { parseArgs } from "node:util";

/** The port of `--port`, else of PORT, else 8787. @throws Error for any other argument, and for what is no port. */
function wantedPort(): number {
  const { values } = parseArgs({ options: { port: { type: "string", default: process.env.PORT || "8787" } } });
  const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : 0;
  if (port < 1 || port > 65_535) throw new Error(`no port: ${values.port}`);
  return port;
}

const isTaken = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: "localhost", autoSelectFamily: true });
    const settle = (taken: boolean) => {
      socket.destroy();
      resolve(taken);
    };
    socket.once("connect", () => settle(true)).once("error", () => settle(false));
  });

/**
 * The port to serve on. Ends this process where nothing can be served: else another server's answer there would be
 * taken for the Worker's own.
 */
export async function portToServeOn(): Promise<number> {
  let port: number;
  try {
    port = wantedPort();
  } catch {
    console.error("usage: npm start -- --port 8787");
    process.exit(2);
  }
  if (await isTaken(port)) {
    console.error(
      `Port ${port} is in use. Choose another one: npm start -- --port ${port === 65_535 ? 8787 : port + 1}`,
    );
    process.exit(1);
  }
  return port;
}
