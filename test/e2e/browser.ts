import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer, { type Browser, type Page } from "puppeteer-core";

export type { Page };

const CHROMIUM = "/usr/bin/chromium";
const FIREFOX = "/usr/bin/firefox-esr";

/** A small phone, as most are: 390 × 844 CSS pixels. */
export const PHONE = { width: 390, height: 844, deviceScaleFactor: 1, isMobile: true, hasTouch: true } as const;

/** Something that no page of ours may ever do. */
export type Offence = `${"dialog" | "error" | "policy" | "console"}: ${string}`;

export interface Visit {
  page: Page;
  /** What the page has done that it may not: dialogs, uncaught errors, violations of its policy. */
  offences: Offence[];
}

export interface Phone {
  browser: Browser;
  /** Opens another tab. */
  visit(): Promise<Visit>;
  /** Ends the browser as a dead battery does. Its profile stays for `start`. */
  kill(): Promise<void>;
  /** Starts it again, with all that it had kept. */
  start(): Promise<void>;
  close(): Promise<void>;
}

interface Options {
  browser?: "chromium" | "firefox";
  args?: string[];
  extraPrefsFirefox?: Record<string, unknown>;
}

/** What the page itself notices of offences, from its first line on. */
function listen(): void {
  const seen: string[] = [];
  Object.assign(globalThis, { offencesSeen: seen });
  addEventListener("securitypolicyviolation", (event) => {
    seen.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    console.error(`POLICY ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
  });
}

/** A browser with a profile of its own, in the size and manner of a phone. */
export async function takePhone({
  browser: kind = "chromium",
  args = [],
  extraPrefsFirefox,
}: Options = {}): Promise<Phone> {
  const profile = mkdtempSync(join(tmpdir(), "shopfloor-profile-"));
  const launch = () =>
    kind === "chromium"
      ? puppeteer.launch({
          executablePath: CHROMIUM,
          headless: true,
          timeout: 90_000,
          userDataDir: profile,
          args: ["--no-sandbox", "--disable-dev-shm-usage", "--lang=en", ...args],
          env: { ...process.env, LANGUAGE: "en", LANG: "en_US.UTF-8" },
        })
      : puppeteer.launch({
          browser: "firefox",
          executablePath: FIREFOX,
          headless: true,
          timeout: 90_000,
          userDataDir: profile,
          args: ["--remote-allow-system-access", ...args],
          extraPrefsFirefox: { "intl.accept_languages": "en", ...extraPrefsFirefox },
        });
  let browser = await launch();

  return {
    get browser() {
      return browser;
    },
    async visit() {
      const page = await browser.newPage();
      page.setDefaultTimeout(45_000);
      const offences: Offence[] = [];
      await page.setViewport(kind === "chromium" ? PHONE : { width: PHONE.width, height: PHONE.height });
      await page.evaluateOnNewDocument(listen);
      page.on("dialog", (dialog) => {
        offences.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on("pageerror", (error) =>
        offences.push(`error: ${error instanceof Error ? (error.stack ?? error.message) : error}`),
      );
      page.on("console", (message) => {
        const text = message.text();
        if (text.startsWith("POLICY")) offences.push(`policy: ${text}`);
        // A refused or lost request is part of many tests, and is said by the browser itself.
        else if (message.type() === "error" && !/Failed to load resource|net::ERR_/.test(text)) {
          offences.push(`console: ${text}`);
        }
      });
      return { page, offences };
    },
    async kill() {
      browser.process()?.kill("SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 300));
    },
    async start() {
      browser = await launch();
    },
    async close() {
      await browser.close().catch(() => undefined);
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
