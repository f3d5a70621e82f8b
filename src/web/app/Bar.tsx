import { useLocation } from "preact-iso";
import type { User } from "../api/types.ts";
import { waitingCount } from "../sync/waiting.ts";
import { Icon, type IconName } from "../ui/Icon.tsx";
import { words } from "../words/words.ts";

interface Place {
  href: string;
  icon: IconName;
  word: string;
  /** Addresses that belong to it, besides its own. */
  holds?: RegExp;
  badge?: number;
}

function placesOf(role: User["role"]): Place[] {
  const w = words.value.bar;
  const report = { href: "/report", icon: "report", word: w.report, holds: /^\/(m\/|scan)/ } as const;
  if (role === "operator") return [report, { href: "/", icon: "reports", word: w.reports }];
  return [
    { href: "/", icon: "work", word: w.work },
    report,
    {
      href: "/more",
      icon: "more",
      word: w.more,
      holds: /^\/(machines|search|waiting|settings|desk)/,
      badge: waitingCount.value,
    },
  ];
}

/** The places of the app, in thumb's reach. */
export function Bar({ role }: { role: User["role"] }) {
  const { path } = useLocation();
  return (
    <nav class="bar" aria-label={words.value.bar.label}>
      <ul>
        {placesOf(role).map(({ href, icon, word, holds, badge = 0 }) => (
          <li key={href}>
            <a
              href={href}
              class={icon === "report" ? "bar-report" : undefined}
              aria-current={path === href ? "page" : holds?.test(path) ? "true" : undefined}
            >
              <Icon name={icon} />
              {word}
              {badge > 0 && <span class="badge">{badge}</span>}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
