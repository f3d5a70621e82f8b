import type { TestProject } from "vitest/node";
import { startReceivers } from "./server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Origin of the receivers that all tests of this run share; each test opens its own address there. */
    receivers: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { origin, close } = await startReceivers();
  project.provide("receivers", origin);
  return close;
}
