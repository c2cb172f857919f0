import tables from "./mojibake_tables.json" with { type: "json" };

/**
 * A one-byte code. Bytes travel as strings of the characters 0 to 255, so that regular expressions work
 * on them.
 */
export interface ByteCode {
  readonly name: string;
  /** Unassigned bytes stand for themselves, and byte 0x1a for U+FFFD, a character that was lost. */
  readonly sloppy: boolean;
  /** The bytes of a text, or null when the code lacks a character of it. */
  encode(text: string): string | null;
}

const LOST = 0x1a;

/** In the order in which they are tried. */
export const BYTE_CODES: readonly ByteCode[] = [
  byteCode("latin-1", String.fromCharCode(...Array.from({ length: 128 }, (_, i) => 128 + i))),
  ...Object.entries(tables.codes).map(([name, high]) => byteCode(name, high)),
];

function byteCode(name: string, high: string): ByteCode {
  const sloppy = name.startsWith("sloppy");
  const bytes = new Map<string, string>();
  for (let byte = 0; byte < 128; byte++) {
    const character = sloppy && byte === LOST ? "\ufffd" : String.fromCharCode(byte);
    bytes.set(character, String.fromCharCode(byte));
  }
  [...high].forEach((character, i) => bytes.set(character, String.fromCharCode(128 + i)));
  return {
    name,
    sloppy,
    encode(text) {
      let encoded = "";
      for (const character of text) {
        const byte = bytes.get(character);
        if (byte === undefined) return null;
        encoded += byte;
      }
      return encoded;
    },
  };
}

/** What Windows-1252 reads as other characters than Latin-1; unassigned bytes are not in it. */
const WINDOWS_1252 = new Map(
  [...tables.codes["sloppy-windows-1252"]].slice(0, 32)
    .map((character, i) => [String.fromCharCode(128 + i), character] as const)
    .filter(([byte, character]) => byte !== character),
);

/** Control characters 0x80 to 0x9f as the characters of Windows-1252; unassigned ones stay. */
export function readControlsAsWindows(text: string): string {
  return text.replace(/[\x80-\x9f]/g, (byte) => WINDOWS_1252.get(byte) ?? byte);
}

/** Whether {@link readControlsAsWindows} leaves no control character. */
export function isWindows1252(latin1: string): boolean {
  return [...latin1.matchAll(/[\x80-\x9f]/g)].every(([byte]) => WINDOWS_1252.has(byte));
}

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Bytes as UTF-8; also as CESU-8 (surrogates of three bytes each) and with Java's two-byte NUL.
 *
 * @returns null when the bytes are not UTF-8.
 */
export function decodeUtf8(bytes: string): string | null {
  const plain = bytes.replace(/\xc0\x80/g, "\0").replace(
    /\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]/g,
    (six) => {
      const at = (i: number) => six.charCodeAt(i);
      const point = ((at(1) & 15) << 16) + ((at(2) & 63) << 10) + ((at(4) & 15) << 6) +
        (at(5) & 63) + 0x10000;
      return String.fromCharCode(...new TextEncoder().encode(String.fromCodePoint(point)));
    },
  );
  try {
    return STRICT.decode(Uint8Array.from(plain, (byte) => byte.charCodeAt(0)));
  } catch {
    return null;
  }
}
