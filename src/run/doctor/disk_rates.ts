import type { NativeContext } from "../../native/context.ts";
import { philox } from "../../tensor/random.ts";
import { CropBatches, CROPS_BATCH as BATCH } from "../bench/crop_batches.ts";
import { bestRate, type StageRate } from "./stage_rate.ts";

const SIDE = 64, CHANNELS = 3;
const PICTURE_BYTES = SIDE * SIDE * CHANNELS;
/** 4096 pictures: 48 MiB. */
const PICTURES = 4096;
const OUT_SIDE = 32;

/**
 * Writing to and reading from the disk of a folder, and making training pictures of what was read:
 * crops of stored 64-pixel pictures, resized to 32. The file is removed again.
 *
 * Between writing and reading the system is asked to forget the file, so that the disk is measured and
 * not the memory; where it cannot be asked, the note says so.
 */
export async function diskRates(context: NativeContext, folder: string): Promise<StageRate[]> {
  const path = makeFile(folder);
  try {
    const block = new Uint8Array(PICTURE_BYTES * BATCH);
    for (let i = 0; i < block.length; i += 4) {
      new DataView(block.buffer).setUint32(i, philox(1, 0, i, 0, 0, 0)[0]);
    }
    const bytes = PICTURE_BYTES * PICTURES;
    const write = await bestRate(bytes, 1, () => writeBlocks(path, block));
    const forgotten = await forget(path);
    const pictures = new CropBatches(context, path, {
      side: SIDE,
      pictures: PICTURES,
      outSide: OUT_SIDE,
    });
    try {
      const read = await bestRate(bytes, 1, () => readRandomly(path));
      // What was read is in memory now: this is the processor's share alone.
      const prepared = await bestRate(BATCH, 7, () => pictures.run());
      return [
        {
          name: "disk.write",
          rate: write / 1e6,
          unit: "MB/s",
          pairs: null,
          note: `${bytes / 2 ** 20} MiB and a flush to ${folder}`,
        },
        {
          name: "disk.read",
          rate: read / 1e6,
          unit: "MB/s",
          pairs: read / PICTURE_BYTES,
          note: `pictures of ${PICTURE_BYTES} bytes in random order, ` +
            (forgotten ? "not from memory" : "perhaps from memory: dd was not there to empty it"),
        },
        {
          name: "pictures",
          rate: prepared,
          unit: "pictures/s",
          pairs: prepared,
          note: `crops of ${SIDE} px to ${OUT_SIDE} px, one thread`,
        },
      ];
    } finally {
      pictures[Symbol.dispose]();
    }
  } finally {
    Deno.removeSync(path);
  }
}

function makeFile(folder: string): string {
  try {
    return Deno.makeTempFileSync({ dir: folder, prefix: ".clipa-doctor-" });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `no file can be made in ${folder} (${reason}); give a folder that can be written`,
      {
        cause,
      },
    );
  }
}

function writeBlocks(path: string, block: Uint8Array) {
  using file = Deno.openSync(path, { write: true, truncate: true });
  for (let written = 0; written < PICTURES; written += BATCH) {
    for (let at = 0; at < block.length;) at += file.writeSync(block.subarray(at));
  }
  file.syncDataSync();
}

function readRandomly(path: string) {
  using file = Deno.openSync(path);
  const picture = new Uint8Array(PICTURE_BYTES);
  for (let i = 0; i < PICTURES; i++) {
    // An odd stride visits every picture once.
    file.seekSync(i * 1579 % PICTURES * PICTURE_BYTES, Deno.SeekMode.Start);
    for (let at = 0; at < PICTURE_BYTES;) at += file.readSync(picture.subarray(at)) ?? Infinity;
  }
}

/** Empties the page cache of one file. */
async function forget(path: string): Promise<boolean> {
  try {
    const args = [`of=${path}`, "oflag=nocache", "conv=notrunc,fdatasync", "count=0"];
    const child = new Deno.Command("dd", { args, stdin: "null", stdout: "null", stderr: "null" });
    return (await child.output()).success;
  } catch {
    return false;
  }
}
