import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { user } from "../device/session.ts";
import { Icon } from "../ui/Icon.tsx";
import { words } from "../words/words.ts";
import { Lines, SlowBar } from "./Lines.tsx";

/** The first page of a visit takes no focus: who opens the app is where the browser put them. */
let first = true;

interface Props {
  title: string;
  /** The title is a ticket number, to be said digit by digit. */
  isNumber?: boolean;
  /** Where *back* leads when there is nothing to go back to; without it there is no *back*. */
  back?: string;
  /** When what is shown was so, as `Date.now()`; said when there is no network. */
  asOf?: number | null;
  children: ComponentChildren;
}

/** A page of the app: header, the lines under it, and what it is about. */
export function Page({ title, isNumber = false, back, asOf = null, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    document.title = `${title} · ${words.value.app.name}`;
  }, [title]);
  useEffect(() => {
    if (!first) heading.current?.focus({ preventScroll: true });
    first = false;
  }, []);
  return (
    <>
      <header class="header">
        <div class={back ? "header-row has-back" : "header-row"}>
          {back && <Back to={back} />}
          <h1 ref={heading} tabIndex={-1} class={isNumber ? "number" : undefined}>
            {title}
          </h1>
          {!back && <WhoAmI />}
        </div>
        <SlowBar />
      </header>
      <Lines asOf={asOf} />
      <main id="content">{children}</main>
    </>
  );
}

/** Back to where one came from; to `to` for who came from outside. */
function Back({ to }: { to: string }) {
  const back = (event: MouseEvent) => {
    if (history.state?.inside !== true) return;
    event.preventDefault();
    event.stopPropagation();
    history.back();
  };
  return (
    <a class="square" href={to} aria-label={words.value.back} onClick={back}>
      <Icon name="back" />
    </a>
  );
}

function WhoAmI() {
  const name = user.value?.name;
  if (!name) return null;
  return (
    <a class="whoami" href="/settings" aria-label={`${name} – ${words.value.pages.settings}`}>
      <bdi>{name.split(" ")[0]}</bdi>
      <Icon name="person" />
    </a>
  );
}
