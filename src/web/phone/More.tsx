import { Page } from "../app/Page.tsx";
import { PAGES } from "../pages.ts";
import { waitingCount } from "../sync/waiting.ts";
import { Icon, type IconName } from "../ui/Icon.tsx";
import { words } from "../words/words.ts";

/** The places that are not at the bottom of the screen. */
export default function More() {
  const w = words.value.more;
  const places: { href: string; icon: IconName; word: string; count?: number }[] = [
    { href: PAGES.machines.path, icon: "machine", word: w.machines },
    { href: PAGES.search.path, icon: "search", word: w.search },
    { href: PAGES.waiting.path, icon: "hourglass", word: w.waiting, count: waitingCount.value },
    { href: PAGES.settings.path, icon: "settings", word: w.settings },
  ];
  return (
    <Page title={words.value.pages.more}>
      {/* biome-ignore lint/a11y/noRedundantRoles: Safari takes a list without bullets for none. */}
      <ul class="rows" role="list">
        {places.map(({ href, icon, word, count = 0 }) => (
          <li key={href}>
            <a class="row" href={href}>
              <Icon name={icon} />
              <span class="row-word">{word}</span>
              {count > 0 && <span class="row-count">{count}</span>}
              <Icon name="forward" size={20} />
            </a>
          </li>
        ))}
      </ul>
    </Page>
  );
}
