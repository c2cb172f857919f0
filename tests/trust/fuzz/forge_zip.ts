import { openZip, readZipEntry } from "../../../src/checkpoint/foreign/zip_file.ts";
import { makeZip, type Member } from "../../checkpoint/foreign/make_zip.ts";
import { type Dice, mutate, overwrite } from "./mutate.ts";

const NAMES = [
  "",
  "a",
  "../x.npy",
  "/x.npy",
  "C:\\x",
  "a\0b",
  "a//b.npy",
  "x".repeat(300),
  "a.npy",
];
const LENGTHS = [0, 1, 7, 65_535, 2 ** 31 - 1, 2 ** 32 - 2, 2 ** 32 - 1];

/** The members of an archive that this project wrote. */
export function zipMembers(path: string): Member[] {
  using zip = openZip(path);
  return [...zip.entries.values()].map((entry) => ({
    name: entry.name,
    data: readZipEntry(zip, entry, 1 << 20),
    packed: !entry.stored,
  }));
}

/**
 * A sound archive, its lengths and check-sums right, of members whose content was changed before it was
 * packed; now and then the directory lies.
 */
export function forgeZip(dice: Dice, members: readonly Member[]): Uint8Array<ArrayBuffer> {
  const changed = [...members];
  for (let left = 1 + dice.below(3); left > 0; left--) {
    const at = dice.below(changed.length);
    changed[at] = alter(dice, changed[at]);
  }
  if (dice.below(12) === 0) changed.push(changed[dice.below(changed.length)]);
  if (dice.below(12) === 0 && changed.length > 1) changed.splice(dice.below(changed.length), 1);
  const zip = Uint8Array.from(makeZip(changed));
  return dice.below(8) === 0 ? overwrite(dice, zip) : zip;
}

function alter(dice: Dice, member: Member): Member {
  const { data } = member;
  const length = dice.pick(LENGTHS);
  switch (dice.below(12)) {
    case 0:
      return { ...member, packed: !member.packed };
    case 1:
      return { ...member, name: dice.pick(NAMES) };
    case 2:
      return { ...member, lie: { bytes: length } };
    case 3:
      return { ...member, lie: { packedBytes: length } };
    case 4:
      return { ...member, lie: { method: dice.pick([0, 1, 8, 9, 12, 99]), flags: dice.below(65) } };
    case 5:
      return { ...member, overlap: true };
    case 6:
    case 7:
    case 8:
      // Of the same length, so that what follows keeps its place.
      return { ...member, data: overwrite(dice, Uint8Array.from(data)) };
    default:
      return { ...member, data: mutate(dice, [data]) };
  }
}
