import { TAR_BLOCK } from "../../../src/data/shards/tar_header.ts";
import { type Dice, join, mutate, noise, overwrite } from "./mutate.ts";

interface Member {
  readonly header: Uint8Array<ArrayBuffer>;
  readonly data: Uint8Array;
}

const encode = (text: string) => new TextEncoder().encode(text);

const TYPES = [..."0123456 7xgLKSDVMNAX\0\x01\xff"];

const SIZES = [
  "",
  "0",
  "1",
  "777",
  "1000",
  "1001",
  "200000",
  "77777777777",
  "-1",
  "9",
  " 12 ",
  "0x9",
];

const NAMES = [
  "",
  ".png",
  "a",
  "a.",
  "./.",
  "../../x.png",
  "/abs.png",
  "a/../b.png",
  "a.PNG",
  "one.png.txt",
  "\u0000.png",
  "caf\u00e9.txt",
  `${"k".repeat(95)}.png`,
  "n".repeat(100),
];

/** Records of extended headers: some override what the next header says, some are malformed. */
const RECORDS = [
  "path=other.png",
  "size=77777777777",
  "size=-1",
  "GNU.sparse.major=1",
  "GNU.sparse.size=99999999999",
  "GNU.sparse.map=0,512,1024,512",
  "SCHILY.xattr.user.a=b",
  "mtime=1.5",
  "linkpath=../../etc/passwd",
  "hdrcharset=BINARY",
  "comment=",
];

/** The right checksum for every header that the sizes in front of it lead to. */
export function resealTar(input: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = Uint8Array.from(input);
  for (let at = 0; at + TAR_BLOCK <= out.length;) {
    const header = out.subarray(at, at + TAR_BLOCK);
    if (header.some((byte) => byte !== 0)) seal(header);
    at += TAR_BLOCK * (1 + Math.ceil(sizeOf(header) / TAR_BLOCK));
  }
  return out;
}

/**
 * An archive whose headers have right checksums and say something odd: sizes, types, names, extended and
 * GNU headers, sparse files, members doubled, dropped or in another order, and cuts anywhere.
 */
export function forgeTar(dice: Dice, seed: Uint8Array): Uint8Array<ArrayBuffer> {
  const members = membersOf(seed);
  for (let left = 1 + dice.below(4); left > 0; left--) alter(dice, members);
  const parts = members.flatMap(({ header, data }) => {
    if (dice.below(16) !== 0) seal(header);
    return [header, data, new Uint8Array((TAR_BLOCK - data.length % TAR_BLOCK) % TAR_BLOCK)];
  });
  const ends = dice.below(8) === 0 ? dice.below(4) : 2;
  const whole = join(...parts, new Uint8Array(ends * TAR_BLOCK));
  return dice.below(8) === 0 ? whole.slice(0, dice.below(whole.length + 1)) : whole;
}

function alter(dice: Dice, members: Member[]): void {
  const at = dice.below(members.length);
  const member = members[at];
  const { header } = member;
  switch (dice.below(11)) {
    case 0:
      return setSize(dice, header);
    case 1:
      return put(header, 156, dice.pick(TYPES), 1);
    case 2:
      return put(header, 0, dice.pick(NAMES), 100);
    case 3:
      put(header, 345, dice.below(3) === 0 ? "p".repeat(155) : dice.pick(NAMES), 155);
      return put(header, 257, dice.pick(["ustar\x0000", "ustar  \0", "", "ustar\0"]), 8);
    case 4:
      members.splice(at, 0, extension(dice, header));
      return;
    case 5:
      members.splice(dice.below(members.length + 1), 0, copyOf(member));
      return;
    case 6: {
      const other = dice.below(members.length);
      [members[at], members[other]] = [members[other], members[at]];
      return;
    }
    case 7:
      if (members.length > 1) members.splice(at, 1);
      return;
    case 8: {
      const data = mutate(dice, [member.data]);
      members[at] = { header, data };
      if (dice.below(3) > 0) put(header, 124, data.length.toString(8).padStart(11, "0"), 12);
      return;
    }
    case 9:
      // Far more files than a sample may have.
      for (let i = 0; i < 70; i++) {
        const more = copyOf(member);
        put(more.header, 0, `one.x${i}`, 100);
        members.splice(at, 0, more);
      }
      return;
    default:
      overwrite(dice, header);
  }
}

function setSize(dice: Dice, header: Uint8Array): void {
  if (dice.below(4) > 0) return put(header, 124, dice.pick(SIZES), 12);
  // Base 256, as GNU tar writes sizes beyond 8 GiB, and negative ones.
  header.fill(dice.pick([0, 0xff, 0x7f]), 125, 136);
  header[124] = dice.pick([0x80, 0xff, 0xc0]);
}

/** An extended (x, g) or GNU (L, K) header for the member behind it, or a sparse file's (S). */
function extension(dice: Dice, model: Uint8Array): Member {
  const type = dice.pick([..."xxgLKS"]);
  const data = type === "L" || type === "K"
    ? encode(`${dice.pick([...NAMES, "long/".repeat(60) + "x.png"])}\0`)
    : join(...Array.from({ length: 1 + dice.below(3) }, () => record(dice)));
  const header = Uint8Array.from(model);
  put(header, 0, dice.pick(["PaxHeaders/x", "././@LongLink"]), 100);
  const size = dice.below(6) === 0 ? dice.pick([0, 70_000, 2 ** 32]) : data.length;
  put(header, 124, size.toString(8).padStart(11, "0"), 12);
  put(header, 156, type, 1);
  return { header, data };
}

/** "length key=value" and a line end, the length now and then a lie. */
function record(dice: Dice): Uint8Array<ArrayBuffer> {
  const text = ` ${dice.pick(RECORDS)}\n`;
  let length = text.length + 1;
  while (`${length}${text}`.length !== length) length++;
  const said = dice.below(4) === 0 ? dice.pick(["0", "-1", "99999", "1e9", ""]) : String(length);
  return dice.below(12) === 0 ? noise(dice, dice.below(600)) : encode(said + text);
}

function membersOf(bytes: Uint8Array): Member[] {
  const members: Member[] = [];
  for (let at = 0; bytes[at] > 0;) {
    const header = bytes.slice(at, at + TAR_BLOCK);
    const size = sizeOf(header);
    members.push({ header, data: bytes.slice(at + TAR_BLOCK, at + TAR_BLOCK + size) });
    at += TAR_BLOCK * (1 + Math.ceil(size / TAR_BLOCK));
  }
  return members;
}

const copyOf = ({ header, data }: Member): Member => ({ header: Uint8Array.from(header), data });

function sizeOf(header: Uint8Array): number {
  const digits = new TextDecoder("latin1").decode(header.subarray(124, 136)).replace(/\0.*/s, "");
  return /^[0-7]+$/.test(digits.trim()) ? parseInt(digits, 8) : 0;
}

/** Writes a text into a field, zeros behind it. */
function put(header: Uint8Array, at: number, value: string, width: number): void {
  const bytes = value === "\xff" ? Uint8Array.of(255) : encode(value).subarray(0, width);
  header.fill(0, at, at + width);
  header.set(bytes, at);
}

function seal(header: Uint8Array): void {
  header.fill(32, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(header, 148, `${sum.toString(8).padStart(6, "0")}\0 `, 8);
}
