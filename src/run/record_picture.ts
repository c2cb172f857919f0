import type { Picture } from "../data/images/resize_image.ts";
import type { Records } from "../data/records/records.ts";

/** A picture of a record file. */
export function recordPicture(records: Records, row: number): Picture {
  const { size } = records;
  const channels = records.channels[row] === 1 ? 1 : 3;
  const pixels = new Uint8Array(records.readPixels(row));
  return { width: size, height: size, channels, pixels };
}
