/** Bytes of a tar block: headers and paddings come in these. */
export const TAR_BLOCK = 512;

/** What a tar header says about one member. */
export interface TarMember {
  name: string;
  bytes: number;
  /** POSIX type flag: "0" is a regular file. */
  type: string;
}

const encoder = new TextEncoder();

/** Header block of a regular file; fixed owner and time, so equal members give equal bytes. */
export function encodeTarHeader(name: string, bytes: number): Uint8Array {
  const block = new Uint8Array(TAR_BLOCK);
  const { written, read } = encoder.encodeInto(name, block.subarray(0, 100));
  if (read !== name.length || written === 0) {
    throw new RangeError(`tar member name "${name}"; 1 to 100 bytes allowed`);
  }
  const text = (at: number, value: string) => block.set(encoder.encode(value), at);
  text(100, "0000644\0");
  text(108, "0000000\0");
  text(116, "0000000\0");
  text(124, `${bytes.toString(8).padStart(11, "0")}\0`);
  text(136, "00000000000\0");
  text(148, "        ");
  text(156, "0");
  text(257, "ustar\x0000");
  text(148, `${checksum(block).toString(8).padStart(6, "0")}\0 `);
  return block;
}

/**
 * Parse a header block. An all-zero block gives `undefined`: the end mark.
 *
 * @throws {SyntaxError} when the block is not a tar header; the message has no file name in it.
 */
export function decodeTarHeader(block: Uint8Array): TarMember | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const stated = octal(block.subarray(148, 156));
  const sum = checksum(block);
  if (stated !== sum) throw new SyntaxError(`header checksum ${stated}; ${sum} expected`);
  const bytes = octal(block.subarray(124, 136));
  if (bytes === undefined) throw new SyntaxError("member size is not an octal number");
  const isUstar = text(block.subarray(257, 262)) === "ustar";
  const prefix = isUstar ? text(block.subarray(345, 500)) : "";
  const name = text(block.subarray(0, 100));
  return {
    name: prefix ? `${prefix}/${name}` : name,
    bytes,
    type: block[156] === 0 ? "0" : String.fromCharCode(block[156]),
  };
}

/** Sum of the header's bytes, the checksum field itself read as spaces. */
function checksum(block: Uint8Array): number {
  let sum = 8 * 0x20;
  for (let i = 0; i < TAR_BLOCK; i++) if (i < 148 || i >= 156) sum += block[i];
  return sum;
}

// Base-256 sizes (first bit set) are how a header claims more than 8 GB: no sample is that large.
function octal(field: Uint8Array): number | undefined {
  const digits = text(field).trim();
  return /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : undefined;
}

function text(field: Uint8Array): string {
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}
