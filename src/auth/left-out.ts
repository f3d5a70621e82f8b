// What stands in for the parts of better-auth that nobody here can reach: wrangler.toml leaves them out of the Worker.

import { z } from "zod";

/** Reports to nobody, as the setting has it. */
export const createTelemetry = async () => ({ publish: async () => {} });
export const getTelemetryAuthConfig = async () => ({});

/** Nobody signs in by another site. */
export const socialProviders = {};
export const SocialProviderListEnum = z.never();
