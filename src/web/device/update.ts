import { signal } from "@preact/signals";

const HOUR = 3_600_000;

/** A newer version of the app is on this phone and waits for its turn. */
export const newVersion = signal(false);

let registration: ServiceWorkerRegistration | undefined;

/** The address of the service worker in the one form that `trusted-types` of our policy lets through. */
function trusted(address: string): string {
  const factory = (globalThis as { trustedTypes?: TrustedTypePolicyFactory }).trustedTypes;
  const policy = factory?.createPolicy("shopfloor", { createScriptURL: (url) => url });
  return (policy?.createScriptURL(address) ?? address) as string;
}

interface TrustedTypePolicyFactory {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): unknown };
}

/** Lets the version that waits take over; the page is then loaded anew. */
export function takeNewVersion(): void {
  registration?.waiting?.postMessage("take-over");
}

/** Says when a version has come to wait beside the one that runs this page. */
function watch(found: ServiceWorkerRegistration): void {
  const look = () => {
    newVersion.value = found.waiting !== null && navigator.serviceWorker.controller !== null;
  };
  found.addEventListener("updatefound", () => found.installing?.addEventListener("statechange", look));
  look();
  // Nothing has been typed yet: where no other page is open it takes over by itself.
  found.waiting?.postMessage("take-over-if-alone");
}

/**
 * Keeps the app on this phone, so that it opens without a network, and looks for newer versions at start, whenever it
 * comes to the front, and each hour. An open page goes on with its own files until the newer version is asked for.
 */
export function keepUpToDate(): void {
  if (!__SERVICE_WORKER__ || !("serviceWorker" in navigator)) return;
  const { serviceWorker } = navigator;
  let loaded = serviceWorker.controller === null;
  serviceWorker.addEventListener("controllerchange", () => {
    // The first worker of all takes over a page that is of its own version.
    if (loaded) {
      loaded = false;
      return;
    }
    location.reload();
  });
  const register = async () => {
    registration = await serviceWorker.register(trusted("/sw.js"), { updateViaCache: "none" });
    watch(registration);
    const look = () => {
      if (document.visibilityState === "visible") registration?.update().catch(() => undefined);
    };
    document.addEventListener("visibilitychange", look);
    setInterval(look, HOUR);
  };
  // What the page needs comes first.
  const begin = () => void register().catch(() => undefined);
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin, { once: true });
}
