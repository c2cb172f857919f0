import { type ImageJob, ImageJobs, JOB_BYTES } from "../../src/data/images/image_jobs.ts";
import { MappedFile } from "../../src/data/images/mapped_file.ts";
import { FILTER_CODES } from "../../src/data/images/resize_image.ts";
import { NativeContext } from "../../src/native/context.ts";
import { check, nativeLibrary } from "../../src/native/library.ts";

/** A job that shows the whole picture as it is. */
export const PLAIN_JOB: ImageJob = {
  offset: 0,
  size: 8,
  channels: 3,
  crop: { left: 0, top: 0, width: 8, height: 8 },
  colours: null,
  jitter: null,
  gray: false,
  flip: false,
  stroke: null,
  warp: null,
};

/** Runs jobs on the pictures in `file`: uint8 [jobs, size, size, 3]. */
export async function runJobs(
  file: Uint8Array,
  jobs: readonly ImageJob[],
  size: number,
): Promise<Uint8Array> {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(path, file);
    using map = new MappedFile(path);
    using context = new NativeContext({ threads: 1 });
    using jobBuffer = context.buffer(Math.max(1, jobs.length) * JOB_BYTES);
    using pixels = context.buffer(Math.max(1, jobs.length) * size * size * 3);
    const list = new ImageJobs(jobs.length);
    jobs.forEach((job, i) => list.set(i, job));
    jobBuffer.write(0, list.bytes);
    const status = await nativeLibrary().symbols.clipa_image_batch(
      map.handle,
      jobBuffer.handle,
      BigInt(jobs.length),
      pixels.handle,
      size,
      FILTER_CODES.bilinear,
    );
    check(status, "clipa_image_batch", context.handle);
    return pixels.read(0, new Uint8Array(jobs.length * size * size * 3));
  } finally {
    Deno.removeSync(path);
  }
}
