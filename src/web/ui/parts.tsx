import type { ComponentChildren, JSX, Ref } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { words } from "../words/words.ts";
import { Icon, type IconName } from "./Icon.tsx";

type Kind = "main" | "plain" | "quiet" | "stop";

interface ButtonProps {
  /** `main`: the one thing to press on this page. */
  kind?: Kind;
  icon?: IconName;
  type?: "button" | "submit";
  /** It was pressed, and something is under way: it stays where it is and takes no second press. */
  busy?: boolean;
  /** It is a switch, and whether it is on. */
  pressed?: boolean;
  /** Its name, where its words alone do not say what it is about. */
  label?: string;
  onClick?: () => void;
  children: ComponentChildren;
}

/** Something to press. */
export function Button({
  kind = "plain",
  icon,
  type = "button",
  busy,
  pressed,
  label,
  onClick,
  children,
}: ButtonProps) {
  return (
    <button
      type={type}
      class={`button ${kind}`}
      aria-disabled={busy}
      aria-pressed={pressed}
      aria-label={label}
      data-busy={busy || undefined}
      onClick={() => !busy && onClick?.()}
    >
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

/** A link that looks like something to press, because it is what to do next. */
export function ButtonLink({
  kind = "plain",
  icon,
  href,
  children,
}: {
  kind?: Kind;
  icon?: IconName;
  href: string;
  children: ComponentChildren;
}) {
  return (
    <a class={`button ${kind}`} href={href}>
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </a>
  );
}

interface FieldProps {
  label: string;
  name: string;
  type?: "text" | "email" | "password" | "search";
  /** What is in it at first. From then on it belongs to who types: a `value` would be put back at each drawing. */
  defaultValue?: string;
  autocomplete?: "username" | "current-password" | "off";
  required?: boolean;
  hint?: string;
  /** Why what is in it will not do. */
  error?: string | undefined;
  inputRef?: Ref<HTMLInputElement>;
  /** Something to press beside the label. */
  action?: ComponentChildren;
}

/** A labelled input. Its hint and its error are read out with it. */
export function Field({ label, hint, error, action, inputRef, ...input }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  // One object, since the types of each input type are apart.
  const attributes = {
    ...input,
    id,
    ref: inputRef,
    "aria-invalid": error ? true : undefined,
    "aria-describedby": described || undefined,
  } as JSX.IntrinsicElements["input"];
  return (
    <div class="field">
      <div class="field-head">
        <label for={id}>{label}</label>
        {action}
      </div>
      <input {...attributes} />
      {hint && (
        <p class="quiet small" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field-error" id={`${id}-error`}>
          <Icon name="warning" size={20} />
          {error}
        </p>
      )}
    </div>
  );
}

/** One of a few, all of them in sight. */
export function Choice<Name extends string>({
  label,
  names,
  value,
  words: labels,
  langs,
  onChoose,
}: {
  label: string;
  names: readonly Name[];
  value: Name;
  words: Record<Name, string>;
  /** The language that each is written in, where that is not the page's. */
  langs?: Record<Name, string>;
  onChoose: (name: Name) => void;
}) {
  const group = useId();
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      <div class="choice-row">
        {names.map((name) => (
          <label key={name} lang={langs?.[name]}>
            <input type="radio" name={group} checked={name === value} onChange={() => onChoose(name)} />
            <span>{labels[name]}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** One line about the state of things, under the header or above a form: never a dialog. */
export function Banner({
  icon,
  tone = "quiet",
  children,
  action,
}: {
  icon: IconName;
  tone?: "quiet" | "lost" | "error";
  children: ComponentChildren;
  action?: ComponentChildren;
}) {
  return (
    <div class={`banner ${tone}`}>
      <Icon name={icon} size={20} />
      <p>{children}</p>
      {action}
    </div>
  );
}

/** Nothing is here, and what to do about it. */
export function EmptyState({
  icon,
  children,
  action,
}: {
  icon: IconName;
  children: ComponentChildren;
  action?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <Icon name={icon} size={48} />
      <div class="empty-text">{children}</div>
      {action}
    </div>
  );
}

/** Grey blocks where cards will be, in their place and size. */
export function Skeleton({ cards = 3 }: { cards?: number }) {
  return (
    <div class="cards" aria-busy="true">
      <span class="unseen">{words.value.states.loading}</span>
      {Array.from({ length: cards }, (_, index) => (
        <div class="card skeleton" key={index} aria-hidden="true">
          <i />
          <i />
          <i />
        </div>
      ))}
    </div>
  );
}

/** A sheet that comes up from the edge for one question; Escape, its cross and a press beside it close it. */
export function Sheet({
  title,
  open,
  onClose,
  children,
}: {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open && dialog.current?.open) dialog.current.close();
  }, [open]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does the same, and is the dialog's own.
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby={id}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div class="sheet-inside">
        <div class="sheet-head">
          <h2 id={id}>{title}</h2>
          <button type="button" class="square" aria-label={words.value.close} onClick={onClose}>
            <Icon name="close" />
          </button>
        </div>
        {open && children}
      </div>
    </dialog>
  );
}
