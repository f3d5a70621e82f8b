// Texts as people write them, as far as a search notices: some words are in every third text, most in hardly any
// (Zipf's law), in English and in French with its accents. The same seed gives the same texts.

/** A word as it is written, and as a search looks for it: in lower case, without accents. */
export interface Word {
  written: string;
  folded: string;
}

export interface Texts {
  /** Five words, in the other language than the title before. */
  title(): Word[];
  /** In the language of the title before. @param length number of words; 60 unless told. */
  description(length?: number): Word[];
  /** A number between 0, included, and 1, excluded. */
  random(): number;
}

/** Words of a language that are not made up, the commonest first. */
const COMMON = {
  en: `the and on of to is in at it when after with from not but again spindle vibrates machine coolant leaks above
       tool change stops alarm axis bearing hydraulic pressure door sensor cable motor noise oil pump filter belt
       turret chuck operator shift part replaced checked cleaned worn loose broken hot since morning during heavy cut
       program restart fault error display drive limit switch clamp guide rail grease level low high seal hose valve`,
  fr: `la le les de et à un une sur est dans il pas après avec depuis encore broche vibre électrobroche fuite
       réfrigérant arrêt machine axe roulement usé pression hydraulique porte capteur câble moteur bruit huile pompe
       filtre courroie tourelle mandrin opérateur équipe pièce remplacée vérifié nettoyé desserré cassé chaud matin
       pendant usinage programme redémarrage défaut erreur écran variateur fin course bridage glissière graissage
       niveau élevé étanchéité flexible détecté mâchoire lubrifié contrôlée où déjà gêne façade maçonnerie août`,
};

/** Made-up words of each language, far more than a shop's real ones that are written twice. */
const RARE_WORDS = 6000;
const LETTERS = {
  en: { onsets: "b c d f g h k l m n p r s t w br cl dr fl gr pl sh st th tr".split(" "), vowels: [..."aeiou"] },
  fr: { onsets: "b c d f g j l m n p r s t v br ch cl dr fr gr pl qu tr ç".split(" "), vowels: [..."aeiouéèêôâ"] },
};
/** Share of words that are numbers: speeds, positions, part numbers. */
const NUMBERS = 0.03;

export const fold = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

const asWord = (written: string): Word => ({ written, folded: fold(written) });

/** Mulberry32: numbers that look random enough, the same for the same seed. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Picks words of one language by their rank: the second commonest half as often as the first, and so on. */
function picker(language: keyof typeof COMMON): (random: () => number) => Word {
  const random = numbersFrom(language === "en" ? 1 : 2);
  const { onsets, vowels } = LETTERS[language];
  const oneOf = (list: string[]) => list[Math.floor(random() * list.length)] ?? "";
  const syllables = () => Array.from({ length: 2 + Math.floor(random() * 3) }, () => oneOf(onsets) + oneOf(vowels));
  const made = Array.from({ length: RARE_WORDS }, () => `${syllables().join("")}${oneOf(["", "n", "r", "s"])}`);
  const words = [...new Set([...COMMON[language].split(/\s+/), ...made])].map(asWord);
  let sum = 0;
  const sums = words.map((_, rank) => {
    sum += 1 / (rank + 2.7);
    return sum;
  });
  return (next) => {
    const wanted = next() * sum;
    let [from, to] = [0, sums.length - 1];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((sums[middle] ?? 0) < wanted) from = middle + 1;
      else to = middle;
    }
    return words[from] as Word;
  };
}

const PICKERS = [picker("en"), picker("fr")];

/** A source of texts. */
export function textsFrom(seed: number): Texts {
  const random = numbersFrom(seed);
  let language = 0;
  const some = (length: number, pick: (random: () => number) => Word) =>
    Array.from({ length }, () => (random() < NUMBERS ? asWord(`${Math.floor(random() * 9000) + 10}`) : pick(random)));
  const pick = () => PICKERS[language] as (typeof PICKERS)[number];
  return {
    random,
    title() {
      language = 1 - language;
      return some(5, pick());
    },
    description: (length = 60) => some(length, pick()),
  };
}

/** Words as a text. */
export const written = (words: Word[]): string => words.map((word) => word.written).join(" ");
