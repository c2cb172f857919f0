import type { AugmentRecipe } from "../../config/stage_recipe.ts";
import type { NativeBuffer, NativeContext } from "../../native/context.ts";
import { check, nativeLibrary } from "../../native/library.ts";
import { drawColours } from "../augment/draw_colours.ts";
import { drawCrop, type DrawKey } from "../augment/draw_crop.ts";
import { drawShape } from "../augment/draw_shape.ts";
import { ImageJobs } from "../images/image_jobs.ts";
import { FILTER_CODES, type ResizeFilter } from "../images/resize_image.ts";
import { cropOf, type ScaledPicture } from "../images/scaled_jpeg.ts";
import { ScratchMap } from "../images/scratch_map.ts";

/** How pictures of a stream are shown. */
export interface PictureForm {
  /** Side of the squares, in pixels. */
  readonly size: number;
  readonly filter: ResizeFilter;
  readonly augment: AugmentRecipe;
}

/** `CLIPA_STALE_HANDLE` */
const STALE_HANDLE = 4;
/** First size of a lane's memory: a picture of 512 x 512. */
const FIRST_BYTES = 3 * 512 * 512;

/**
 * Prepares one picture at a time off this thread: crop, exact resize, colours. Several lanes work beside
 * each other; each has memory for the largest picture that it has met.
 */
export class PictureLane implements Disposable {
  readonly #context: NativeContext;
  readonly #form: PictureForm;
  readonly #jobs = new ImageJobs(1);
  readonly #jobBuffer: NativeBuffer;
  readonly #out: NativeBuffer;
  #scratch: ScratchMap | null = null;

  constructor(context: NativeContext, form: PictureForm) {
    this.#context = context;
    this.#form = form;
    this.#jobBuffer = context.buffer(this.#jobs.bytes.length);
    this.#out = context.buffer(3 * form.size ** 2);
  }

  /** The picture of a row as the training sees it, uint8 [size, size, 3], into `out`. */
  async render(picture: ScaledPicture, key: DrawKey, out: Uint8Array): Promise<void> {
    const { size, filter, augment } = this.#form;
    const { width, height, channels, pixels, shrink } = picture;
    const { area, aspect, ...colours } = augment;
    const shape = drawShape(key, Math.min(width, height), channels, augment);
    this.#jobs.set(0, {
      offset: 0,
      size: { width, height },
      channels,
      crop: cropOf(picture, drawCrop(key, picture.full, area, aspect)),
      ...drawColours(key, channels, colours),
      ...shape,
      // In pixels of the file.
      stroke: shape.stroke === null ? null : shape.stroke / shrink,
    });
    const scratch = this.#room(pixels.length);
    scratch.write(0, pixels);
    this.#jobBuffer.write(0, this.#jobs.bytes);
    const status = await nativeLibrary().symbols.clipa_image_batch(
      scratch.handle,
      this.#jobBuffer.handle,
      1n,
      this.#out.handle,
      size,
      FILTER_CODES[filter],
    );
    check(status, "clipa_image_batch", status === STALE_HANDLE ? 0n : this.#context.handle);
    this.#out.read(0, out);
  }

  #room(bytes: number): ScratchMap {
    if (this.#scratch && this.#scratch.bytes >= bytes) return this.#scratch;
    this.#scratch?.[Symbol.dispose]();
    return this.#scratch = new ScratchMap(Math.max(FIRST_BYTES, bytes));
  }

  /** Frees the memory. Safe to call twice. */
  [Symbol.dispose](): void {
    this.#jobBuffer[Symbol.dispose]();
    this.#out[Symbol.dispose]();
    this.#scratch?.[Symbol.dispose]();
  }
}
