/** Outlines on a grid of 24, drawn with a stroke of 2. */
const OUTLINES = {
  work: "M9 3.5h6v4H9zM9 5.5H5.5v15h13v-15H15M9 12h6M9 16h4",
  report: "M12 5v14M5 12h14",
  reports: "M6 3h9l4 4v14H6zM14 3v5h5M9.5 13h6M9.5 17h6",
  more: "M4 7h16M4 12h16M4 17h16",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20 20",
  hourglass: "M7 3h10M7 21h10M8 3v3.5l4 5.5 4-5.5V3M8 21v-3.5l4-5.5 4 5.5V21",
  machine: "M4 20V9l5 3V9l5 3V4h6v16zM8 16h.01M12 16h.01M16 16h.01",
  settings: "M4 7h9M19 7h1M4 17h1M11 17h9M16 4.5v5M8 14.5v5",
  back: "M15 5l-7 7 7 7",
  forward: "M9 5l7 7-7 7",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2",
  noNetwork:
    "M3 3l18 18M5 12.5a10 10 0 0 1 4-2.4M8.5 16a5 5 0 0 1 7 0M2 8.8a15 15 0 0 1 4.3-2.6M10.7 5.1A15 15 0 0 1 22 8.8M15 10.6a10 10 0 0 1 4 1.9M12 19.5h.01",
  signOut: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20a7.5 7.5 0 0 1 15 0",
  file: "M6 3h8l4 4v14H6zM13 3v5h5",
  photo: "M4 6h16v13H4zM4 16l4.5-4.5 4 4 2.5-2.5 5 5M15.5 9.5h.01",
  film: "M4 6h16v12H4zM10 9.5l4.5 2.5-4.5 2.5z",
  sound: "M5 10v4h3l5 4V6l-5 4zM16.5 9a4 4 0 0 1 0 6",
  reload: "M19.5 12a7.5 7.5 0 1 1-2.2-5.3L20 9.4M20 4.5v4.9h-4.9",
  warning: "M12 4 2.8 20h18.4zM12 10v4.5M12 17.3h.01",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6 6 18",
  note: "M4 5h16v11H10l-5 4v-4H4z",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 20.5h4",
  edit: "M5 19l1-4L16 5l3 3L9 18z",
  bin: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
} as const;

export type IconName = keyof typeof OUTLINES;

interface Props {
  name: IconName;
  /** Side in CSS pixels. */
  size?: number;
}

/** A picture beside words, or in a button that is named otherwise: it says nothing by itself. */
export function Icon({ name, size = 24 }: Props) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" focusable="false">
      <path d={OUTLINES[name]} />
    </svg>
  );
}
