import { words } from "../words/words.ts";

/** The mark of the app and its name. */
export function Logo() {
  return (
    <p class="logo">
      <img src="/icon.svg" alt="" width="48" height="48" />
      {words.value.app.name}
    </p>
  );
}
