import pLimit, { type LimitFunction } from "p-limit";

/** Runs a request when one of the invocation's connections is free. */
export type Connections = LimitFunction;

/** Workers allow six connections at once; one is left for the database. */
const CONNECTIONS = 5;

/** The connections of one invocation. */
export const createConnections = (): Connections => pLimit(CONNECTIONS);
