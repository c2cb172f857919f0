/** Openings of captions in many languages and scripts. */
const PHRASES = [
  "a photo of a red fox in the snow",
  "An OLD map of the Solar System, 1750",
  "how to draw a dragon's wing step by step | they've said it's easy, we'll see",
  "blue ceramic vase with white flowers – vintage décor",
  "Schöne Grüße aus München! Straßenbahn an der Weißwurststraße",
  "Les œufs à la coque, c'est ça l'été à Orléans",
  "El niño comió piñata y jalapeños ¿verdad?",
  "São Paulo à noite: coração, pão e maçã",
  "Łódź – żółta gęś nad jeziorem Śniardwy",
  "Příliš žluťoučký kůň úpěl ďábelské ódy",
  "Árvíztűrő tükörfúrógép a Duna-parton",
  "İstanbul'da güneşli bir gün, IŞIK ve çiçek",
  "Þórsmörk á Íslandi, ægilegt eldgos",
  "Đà Nẵng: cây cầu Rồng về đêm, Việt Nam",
  "Старый дом у реки, Ёлка и Щука",
  "Їжак у тумані, Київ, Україна",
  "Η ΘΆΛΑΣΣΑ ΤΗΣ ΝΆΞΟΥ και ο ήλιος, ΟΔΟΣ Σωκράτους",
  "صورة قطة سوداء على سطح المنزل",
  "قهوه و چای در بازارِ تهران",
  "שָׁלוֹם עולם – חתול על הגג",
  "लाल किला, दिल्ली में सूर्यास्त",
  "বাংলাদেশের নদী ও নৌকা",
  "தமிழ்நாட்டின் கோயில் கோபுரம்",
  "แมวนอนอยู่บนหลังคาบ้าน",
  "თბილისის ძველი ქალაქი",
  "Երևանի հին փողոցը",
  "一只坐在红色沙发上的猫",
  "東京タワーの夜景とラーメン",
  "ｶﾞｿﾘﾝｽﾀﾝﾄﾞ ＡＢＣ１２３",
  "서울의 가을 풍경과 한옥",
  "ภาพถ่าย photo 照片 사진 фото",
  "👩‍🚀 astronaut 👍🏽 thumbs up 🏴󠁧󠁢󠁷󠁬󠁳󠁿 🇩🇪 ❤️",
  "math: x² + y³ ≤ ½·π, 25 °C, 3 µm, №5, ™ ®",
  "(╯°□°）╯︵ ┻━┻  ¯\\_(ツ)_/¯ ʕ•ᴥ•ʔ",
  "IMG_20230517_104233.JPG 1920x1080 #sunset @user",
  "<b>bold</b> text & more; a<b && c>d",
  "[SEP] and [CLS] in brackets, <start_of_text> too [MASK][PAD][UNK]",
  "I'M SURE THEY'RE DON'T WON'T y'all's ‘quoted’ “double”",
  "ﬁne ﬂowers eﬃcient Ǆungla Ĳssel ŉ ﬅ",
  "Kelvin \u212a ſtrange 'ſ long s; <ſtart_of_text>",
];

/** Ranges of code points that every Unicode version since 2021 treats alike. */
const RANGES = [
  [0x00, 0x24f],
  [0x80, 0xff],
  [0x2b0, 0x36f],
  [0x370, 0x3ff],
  [0x400, 0x52f],
  [0x531, 0x556],
  [0x591, 0x5c7],
  [0x600, 0x6ff],
  [0x900, 0x97f],
  [0xe01, 0xe3a],
  [0x1100, 0x11ff],
  [0x1e00, 0x1fff],
  [0x2000, 0x206f],
  [0x20a0, 0x20bf],
  [0x2100, 0x218b],
  [0x2190, 0x23ff],
  [0x2460, 0x27bf],
  [0x3000, 0x30ff],
  [0x4e00, 0x9fa5],
  [0xac00, 0xd7a3],
  [0xd800, 0xdfff],
  [0xe000, 0xe0ff],
  [0xf900, 0xfa6d],
  [0xfb00, 0xfb06],
  [0xfe00, 0xfe2f],
  [0xfeff, 0xfeff],
  [0xff01, 0xffef],
  [0xfff9, 0xffff],
  [0x1d400, 0x1d7ff],
  [0x1f1e6, 0x1f6d2],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x2a6dd],
  [0xe0020, 0xe007f],
] as const;

const SPACES = [" ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2003", "\u200b", "\u2028"];
const ENTITIES = [
  "&amp;",
  "&amp;amp;",
  "&lt;",
  "&quot;",
  "&nbsp;",
  "&eacute;",
  "&EACUTE;",
  "&notit",
  "&copy 2020",
  "&#39;",
  "&#x1F600;",
  "&#150;",
  "&#xD800;",
  "&#0;",
  "&#9731",
  "&hellip;",
  "&NotEqualTilde;",
  "&unknown;",
  "& ",
];
/** One-byte codes by which UTF-8 is read wrongly. */
const CODES = [
  "windows-1252",
  "windows-1252",
  "windows-1252",
  "windows-1251",
  "windows-1250",
  "windows-1253",
  "windows-1254",
  "windows-1257",
  "iso-8859-2",
  "macintosh",
];

/** A generator of numbers that is the same on every machine. */
function lcg(seed: number) {
  let state = seed;
  return (bound: number) => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
}

/**
 * Captions for comparing tokenizers: many languages, mojibake of several kinds, character references,
 * terminal escapes, odd spaces, decomposed and full-width forms, and random characters of hostile ranges,
 * lone surrogates too. Always the same.
 */
export function manyCaptions(count: number): string[] {
  const next = lcg(20230511);
  const pick = <T>(list: readonly T[]): T => list[next(list.length)];
  const part = (text: string) => {
    const words = text.split(" ");
    const first = next(words.length);
    return words.slice(first, first + 1 + next(8)).join(pick([" ", " ", " ", pick(SPACES)]));
  };
  const hostile = () => {
    let text = "";
    for (let length = 1 + next(10); length > 0; length--) {
      const [low, high] = pick(RANGES);
      text += String.fromCodePoint(low + next(high - low + 1));
      if (next(6) === 0) text += pick(SPACES);
    }
    return text;
  };
  const misread = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    if (next(5) === 0) return String.fromCharCode(...bytes);
    const read = new TextDecoder(pick(CODES)).decode(bytes);
    return next(4) === 0 ? read.replaceAll("\u00a0", " ") : read;
  };
  const kinds: (() => string)[] = [
    () => part(pick(PHRASES)),
    () => `${part(pick(PHRASES))} ${part(pick(PHRASES))}`,
    () => part(pick(PHRASES)).toUpperCase(),
    () => part(pick(PHRASES)).normalize("NFD"),
    () => `${part(pick(PHRASES))}, ${next(100_000)} ${pick(["-", "–", "...", "!", "'s", "/"])}`,
    () => misread(part(pick(PHRASES))),
    () => misread(misread(part(pick(PHRASES)))),
    () => `${part(pick(PHRASES))} ${misread(part(pick(PHRASES)))}`,
    () => part(pick(PHRASES)) + pick(ENTITIES) + part(pick(PHRASES)) + pick(ENTITIES),
    () => hostile(),
    () => part(pick(PHRASES)) + hostile() + part(pick(PHRASES)),
    () => misread(hostile()),
    () => `\u001b[3${next(8)}m${part(pick(PHRASES))}\u001b[0m${pick(SPACES)}`,
    () => part(pick(PHRASES)).replaceAll(" ", "").repeat(1 + next(12)),
  ];
  return Array.from({ length: count }, () => pick(kinds)());
}

if (import.meta.main) console.log(JSON.stringify(manyCaptions(10_000)));
