/** The version of the app, and what it was built from. */
declare const __VERSION__: string;
/** Whether there is a service worker; else the one that a phone still has is to remove itself. */
declare const __SERVICE_WORKER__: boolean;
