// Receives webhooks: verifies the signature, drops repeats by id, answers before it works.
//   WEBHOOK_SECRET=whsec_... PORT=9000 node server.mjs
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const secret = process.env.WEBHOOK_SECRET;
if (!secret) {
  console.error("Set WEBHOOK_SECRET to the secret that POST /api/webhooks has shown.");
  process.exit(2);
}
const webhook = new Webhook(secret);
const BODY_LIMIT_BYTES = 64 * 1024;

// A delivery may come more than once: the id stays the same. A real consumer keeps the ids in its database, in the
// same transaction as what it does with the event; here the last 10,000 are kept in memory.
const seen = new Set();
const isNew = (id) => {
  if (seen.has(id)) return false;
  seen.add(id);
  if (seen.size > 10_000) seen.delete(seen.values().next().value);
  return true;
};

async function readBody(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > BODY_LIMIT_BYTES) throw new Error("body too large");
    parts.push(part);
  }
  // The signature covers these very bytes: parse only what has been verified.
  return Buffer.concat(parts).toString("utf8");
}

function handle(event) {
  const { ticket, user, reason, method, value, message } = event.data;
  switch (event.type) {
    case "ticket.created":
      console.log(`${ticket.ticket_id}: ${ticket.title} (${ticket.machine_name})`);
      break;
    case "notification.fallback":
      console.log(`${ticket.ticket_id}: ${user.name} was not reached (${reason}), call them`);
      break;
    case "customer.notify":
      console.log(`${method} to ${value}: ${message}`);
      break;
    default:
      console.log(event.type);
  }
}

createServer(async (request, response) => {
  let event;
  try {
    event = webhook.verify(await readBody(request), request.headers);
  } catch {
    response.writeHead(401).end();
    return;
  }
  // Answer first: what takes longer than 15 seconds counts as failed and is sent again.
  response.writeHead(204).end();
  if (isNew(event.id)) handle(event);
}).listen(Number(process.env.PORT ?? 9000), () => console.log("waiting for webhooks"));
