import { decodeImage } from "../data/images/decode_image.ts";
import { resizeImage } from "../data/images/resize_image.ts";
import { encodePng } from "../data/icons/png.ts";
import type {
  IconSearch,
  SearchAnswer,
  SearchQuery,
  SearchTarget,
} from "../run/search/icon_search.ts";
import { searchFragment, type SearchPage, searchPage } from "./search_page.ts";
import { searchTable } from "./search_table.ts";

/** The name under which a notebook asks an object for its pictures. */
const DISPLAY: unique symbol = Symbol.for("Jupyter.display") as never;

/** An answer that a notebook shows as pictures, and a terminal as a table. */
export class SearchGallery {
  readonly answer: SearchAnswer;
  readonly #page: SearchPage;

  constructor(answer: SearchAnswer, page: SearchPage) {
    this.answer = answer;
    this.#page = page;
  }

  /** The whole answer as one HTML page. */
  html(): string {
    return searchPage(this.#page);
  }

  /** The answer as lines of text. */
  text(): string {
    return searchTable(this.answer);
  }

  /** What a notebook shows, by MIME type. */
  [DISPLAY](): Record<string, string> {
    return { "text/html": searchFragment(this.#page), "text/plain": this.text() };
  }
}

/** Options of {@linkcode searchGallery}. */
export interface SearchGalleryOptions {
  /** Finds; default 12. */
  readonly top?: number;
  /** Pictures (default), or the names of the data set. */
  readonly target?: SearchTarget;
}

/** Side of the picture that was looked for, in pixels. */
const SHOWN = 128;

/**
 * Looks for words or a picture and shows the finds: in a notebook as a gallery, elsewhere as a table.
 *
 * ```ts ignore
 * using search = await IconSearch.open({ source: { kind: "run", dir: "runs/quick" }, dataSet, cacheDir });
 * await searchGallery(search, "a boat on water");
 * await searchGallery(search, { image: "umbrella.png" }, { top: 24 });
 * ```
 *
 * @throws what {@linkcode IconSearch.find} throws.
 */
export async function searchGallery(
  search: IconSearch,
  query: string | SearchQuery,
  options: SearchGalleryOptions = {},
): Promise<SearchGallery> {
  const asked = typeof query === "string" ? { text: query } : query;
  const { top = 12, target = "pictures" } = options;
  const answer = await search.find(asked, { top, target });
  const page: SearchPage = {
    query: answer.query,
    picture: "image" in asked ? await shownPicture(asked.image) : null,
    hits: answer.hits.map((hit) => ({ ...hit, png: search.png(hit) })),
    note: noteOf(search, answer),
  };
  return new SearchGallery(answer, page);
}

function noteOf(search: IconSearch, { target, count, milliseconds }: SearchAnswer): string {
  const { engine, provider, width } = search.encoder;
  const things = target === "pictures" ? "pictures" : "names";
  return `${count.toLocaleString("en")} ${things}, ${milliseconds.toFixed(1)} ms, cosine of ` +
    `${width} features, ${engine} engine on ${provider}`;
}

async function shownPicture(image: string | Uint8Array): Promise<Uint8Array> {
  const picture = await decodeImage(typeof image === "string" ? await Deno.readFile(image) : image);
  const { pixels, channels } = resizeImage(picture, SHOWN, SHOWN, "bicubic");
  return encodePng(pixels, SHOWN, channels);
}
