import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { LOCALES, type Locale } from "../../vocabulary/locales.ts";
import { Refused } from "../api/errors.ts";
import { request } from "../api/request.ts";
import { signOut } from "../api/sign-in.ts";
import { Page } from "../app/Page.tsx";
import { user } from "../device/session.ts";
import { SIZES, setLanguage, size, THEMES, theme } from "../device/settings.ts";
import { PAGES } from "../pages.ts";
import { announce } from "../ui/live.tsx";
import { Banner, Button, Choice } from "../ui/parts.tsx";
import { language, words } from "../words/words.ts";

const LANGUAGES = { en: "English", fr: "Français" };

/** What this phone and its person like. */
export default function Settings() {
  const w = words.value.settings;
  const chooseLanguage = (locale: Locale) => {
    setLanguage(locale);
    // Notifications and e-mails are to speak it, too; without a network the app alone does.
    if (user.value) request("PATCH /api/me", { body: { language: locale } }).catch(() => undefined);
  };
  return (
    <Page title={w.title} back={user.value?.role === "operator" || !user.value ? "/" : "/more"}>
      {user.value && <Person />}
      <section class="panel">
        <Choice
          label={w.language}
          names={LOCALES}
          value={language.value}
          words={LANGUAGES}
          langs={{ en: "en", fr: "fr" }}
          onChoose={chooseLanguage}
        />
        <Choice
          label={w.theme}
          names={THEMES}
          value={theme.value}
          words={w.themes}
          onChoose={(name) => {
            theme.value = name;
          }}
        />
        <Choice
          label={w.buttons}
          names={SIZES}
          value={size.value}
          words={w.sizes}
          onChoose={(name) => {
            size.value = name;
          }}
        />
      </section>
      {user.value && <SignOut />}
      <p class="quiet small">{w.version(__VERSION__)}</p>
    </Page>
  );
}

function Person() {
  const w = words.value;
  if (!user.value) return null;
  const { name, email, role } = user.value;
  return (
    <section class="panel person">
      <h2 class="unseen">{w.settings.you}</h2>
      <p class="card-title">
        <bdi>{name}</bdi>
      </p>
      <p class="quiet">{w.role[role]}</p>
      <p class="quiet">{email}</p>
    </section>
  );
}

function SignOut() {
  const w = words.value.settings;
  const { route } = useLocation();
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string>();
  const leave = async () => {
    if (busy) return;
    setBusy(true);
    setTrouble(undefined);
    try {
      await signOut();
      route(PAGES.home.path, true);
      return;
    } catch (error) {
      const text = error instanceof Refused ? error.problem.detail : w.signOutFailed;
      setTrouble(text);
      announce(text);
    }
    setBusy(false);
  };
  return (
    <section class="panel">
      <p class="quiet">{w.signOutHint}</p>
      {trouble && (
        <Banner icon="warning" tone="error">
          {trouble}
        </Banner>
      )}
      <Button icon="signOut" busy={busy} onClick={leave}>
        {busy ? w.signingOut : w.signOut}
      </Button>
    </section>
  );
}
