import type { Attachment } from "../api/types.ts";
import { attachments } from "../sync/reads.ts";
import { useSource } from "../sync/source.ts";
import { Icon, type IconName } from "../ui/Icon.tsx";
import { bytes } from "../words/format.ts";
import { words } from "../words/words.ts";

/** What every browser shows; the others' photos are files to open. */
const SHOWN = /^image\/(jpeg|png|webp|gif|avif)$/;

const isPhoto = ({ content_type }: Attachment): boolean => SHOWN.test(content_type);

function iconOf({ content_type }: Attachment): IconName {
  if (content_type.startsWith("image/")) return "photo";
  if (content_type.startsWith("video/")) return "film";
  return content_type.startsWith("audio/") ? "sound" : "file";
}

/** The photos of a ticket in small, and its other files by name. Each opens in a place of its own. */
export function Attachments({ number }: { number: string }) {
  const w = words.value.ticket;
  const all = useSource(attachments(number)).value ?? [];
  if (all.length === 0) return null;
  return (
    <section class="section">
      <h2>{w.attachments}</h2>
      <div class="photos">
        {all.filter(isPhoto).map(({ id, url, file_name }) => (
          <a key={id} href={url} target="_blank" rel="noreferrer" aria-label={w.open(file_name)}>
            <img src={url} alt="" width="96" height="96" loading="lazy" decoding="async" />
          </a>
        ))}
      </div>
      {/* biome-ignore lint/a11y/noRedundantRoles: Safari takes a list without bullets for none. */}
      <ul class="rows" role="list">
        {all
          .filter((attachment) => !isPhoto(attachment))
          .map((attachment) => (
            <li key={attachment.id}>
              <a class="row" href={attachment.url} target="_blank" rel="noreferrer">
                <Icon name={iconOf(attachment)} />
                <bdi class="row-word">{attachment.file_name}</bdi>
                <span class="quiet small">{bytes(attachment.size_bytes)}</span>
              </a>
            </li>
          ))}
      </ul>
    </section>
  );
}
