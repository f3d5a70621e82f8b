import { renderSVG } from "uqr";
import type { Context } from "../context.ts";
import { AppError } from "../problem.ts";
import { getMachine } from "./machines.ts";

/** Modules of white around the code, without which scanners miss it (ISO/IEC 18004). */
const QUIET_ZONE = 4;

/**
 * The machine's QR code as SVG: it opens the web app on a new ticket for this machine.
 *
 * @param origin where the web app is served, when `BETTER_AUTH_URL` does not say it.
 * @throws AppError `machine_not_found`, also for a retired machine, which gets no new tickets.
 */
export async function machineQrCode(ctx: Context, id: number, origin: string): Promise<string> {
  const { qr_token, retired_at } = await getMachine(ctx, id);
  if (retired_at !== null) throw new AppError("machine_not_found");
  const address = new URL(`/m/${qr_token}`, ctx.env.BETTER_AUTH_URL ?? origin);
  // A label on a machine gets oily and scratched: M survives the loss of 15 %.
  return renderSVG(address.href, { ecc: "M", border: QUIET_ZONE });
}
