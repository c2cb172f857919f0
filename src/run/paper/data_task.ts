import type { EvalFit } from "../../data/images/square_picture.ts";
import type { PinnedWheel } from "../../eval/imagenet/open_facts.ts";
import type { ResizeFilter } from "../../data/images/resize_image.ts";

/** An evaluation on a published benchmark, or one's own in the same layout. */
export interface DataTask {
  readonly kind: "data";
  /** A folder in any of the layouts, or a glob of webdataset tars. */
  readonly data: string;
  /** Name in the results; none means the folder's. */
  readonly bench?: string;
  /** Split of a folder that has several. */
  readonly split: string;
  /** Tars only: captions in `key.txt` instead of a class in `key.cls`. */
  readonly retrieval: boolean;
  /** File of labels for pictures of one flat folder. */
  readonly labels?: string;
  /** File of captions: Karpathy's or COCO's JSON, or a table. */
  readonly captions?: string;
  /** File of class names; none means those of the folder, or ImageNet's. */
  readonly classes?: string;
  /** Only the classes that this part of ImageNet has. */
  readonly subset?: string;
  /** Name or file of a set of prompts; none means those of the folder, else `openai-80`. */
  readonly templates?: string;
  readonly fit: EvalFit;
  /** Default the model's. */
  readonly filter?: ResizeFilter;
  /** Name of a model whose published numbers are put beside. */
  readonly expected?: string;
  /** Whether finished parts of an earlier, stopped evaluation are left aside. */
  readonly fresh: boolean;
  /** Folder of what is built once. */
  readonly cacheDir: string;
  /** Lists of ImageNet to take; tests have their own. */
  readonly facts?: PinnedWheel;
}
