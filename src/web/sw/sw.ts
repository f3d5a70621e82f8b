import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";
import { PAGES } from "../pages.ts";

declare const self: ServiceWorkerGlobalScope;
/** What the app consists of: addresses, and the revision of those whose name does not change with their content. */
declare const __PRECACHE__: { url: string; revision: string | null }[];

precacheAndRoute(__PRECACHE__);
cleanupOutdatedCaches();

const pages = Object.values(PAGES).map(({ path }) => new RegExp(`^${path.replace(/:\w+/g, "[^/]+")}(\\?.*)?$`));
registerRoute(new NavigationRoute(createHandlerBoundToURL("/"), { allowlist: pages }));

// The first worker of all takes care of the page that brought it; a later one waits until it is asked to.
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function takeOver(onlyIfAlone: boolean): Promise<void> {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (!onlyIfAlone || windows.length <= 1) await self.skipWaiting();
}

self.addEventListener("message", (event) => {
  if (event.data === "take-over") event.waitUntil(takeOver(false));
  if (event.data === "take-over-if-alone") event.waitUntil(takeOver(true));
});
