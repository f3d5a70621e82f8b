declare const self: ServiceWorkerGlobalScope;

/**
 * The way out, should a service worker ever keep people from their work: served in its place, it takes over at once,
 * forgets every file of the app, removes itself and has the open pages load anew from the network. What people have
 * written lies in IndexedDB, which it does not touch.
 */
self.addEventListener("install", () => self.skipWaiting());

async function leave(): Promise<void> {
  for (const name of await caches.keys()) await caches.delete(name);
  await self.registration.unregister();
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  await Promise.all(windows.map((client) => client.navigate(client.url).catch(() => null)));
}

self.addEventListener("activate", (event) => event.waitUntil(leave()));

export {};
