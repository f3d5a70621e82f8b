import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { LOCALES } from "../../vocabulary/locales.ts";
import { Refused } from "../api/errors.ts";
import { signIn } from "../api/sign-in.ts";
import { sessionEnded, user } from "../device/session.ts";
import { setLanguage } from "../device/settings.ts";
import { PAGES } from "../pages.ts";
import { Logo } from "../ui/Logo.tsx";
import { announce } from "../ui/live.tsx";
import { Banner, Button, Choice, Field } from "../ui/parts.tsx";
import { language, words } from "../words/words.ts";

/** Each language in its own words: who cannot read the page finds theirs. */
const LANGUAGES = { en: "English", fr: "Français" };

/** Sign in. It also stands in the place of any page that needs somebody, who then goes on where they wanted to be. */
export default function SignIn() {
  const w = words.value.signIn;
  const { path, route } = useLocation();
  const password = useRef<HTMLInputElement>(null);
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string>();
  const [trouble, setTrouble] = useState<string>();
  const known = sessionEnded.value ? user.value : null;
  const done = user.value !== null && !sessionEnded.value;

  useLayoutEffect(() => {
    document.title = `${w.title} · ${words.value.app.name}`;
  }, [w]);
  useEffect(() => {
    if (done && path === PAGES.signIn.path) route(PAGES.home.path, true);
  }, [done]);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setWrong(undefined);
    setTrouble(undefined);
    try {
      await signIn(String(form.get("email")).trim(), String(form.get("password")));
    } catch (error) {
      setBusy(false);
      if (error instanceof Refused && error.problem.code === "invalid_credentials") {
        setWrong(error.problem.detail);
        password.current?.select();
        return;
      }
      const text = error instanceof Refused ? error.problem.detail : words.value.problem.network;
      setTrouble(text);
      announce(text);
    }
  };

  return (
    <main class="sign-in" id="content">
      <Logo />
      <h1>{w.title}</h1>
      {known && <Banner icon="person">{w.again(known.name)}</Banner>}
      {trouble && (
        <Banner icon="warning" tone="error">
          {trouble}
        </Banner>
      )}
      <form onSubmit={submit}>
        <Field label={w.email} name="email" type="email" autocomplete="username" required defaultValue={known?.email} />
        <Field
          label={w.password}
          name="password"
          type={shown ? "text" : "password"}
          autocomplete="current-password"
          required
          inputRef={password}
          error={wrong}
          action={
            <Button kind="quiet" pressed={shown} label={w.showPassword} onClick={() => setShown(!shown)}>
              {shown ? w.hide : w.show}
            </Button>
          }
        />
        <Button kind="main" type="submit" busy={busy}>
          {busy ? w.busy : w.submit}
        </Button>
      </form>
      <Choice
        label={w.language}
        names={LOCALES}
        value={language.value}
        words={LANGUAGES}
        langs={{ en: "en", fr: "fr" }}
        onChoose={setLanguage}
      />
    </main>
  );
}
