import { expand } from "brace-expansion";
import { basename, join } from "node:path";
import { fetchFile, type FetchOptions } from "./fetch_file.ts";

/** Most files of one pattern. */
const MOST_FILES = 100_000;

/** What {@linkcode fetchAll} reports. */
export interface FetchReport {
  /** Files that are there now. */
  readonly files: readonly string[];
  /** Bytes that were fetched this time. */
  readonly bytes: number;
  readonly failed: readonly { readonly url: string; readonly reason: string }[];
}

/** Addresses of a pattern with braces, such as `https://example.org/{00000..00099}.tar`. */
export function expandUrls(pattern: string): string[] {
  const urls = expand(pattern, { max: MOST_FILES + 1 });
  if (urls.length > MOST_FILES) {
    throw new RangeError(`${pattern}: more than ${MOST_FILES} files; allowed: a smaller range`);
  }
  for (const url of urls) checkUrl(url);
  const names = urls.map(nameOf);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return urls;
  throw new RangeError(
    `${pattern}: two files are called ${twice}; fetch them into folders of their own`,
  );
}

function checkUrl(url: string): void {
  const parsed = URL.parse(url);
  if (parsed === null || !["http:", "https:"].includes(parsed.protocol)) {
    throw new RangeError(`${url}: no http or https address; allowed: https://host/path/file.tar`);
  }
  if (!/^[\w][\w.+-]*$/.test(nameOf(url))) {
    throw new RangeError(`${url}: the address ends in no file name`);
  }
}

const nameOf = (url: string) => basename(new URL(url).pathname);

/**
 * Fetches every file of a pattern into a folder, a few at a time, and goes on after files that fail. Files
 * that are there already are not asked for again.
 *
 * @throws the reason of the signal when it is aborted; parts stay, and a later call goes on with them.
 */
export async function fetchAll(
  pattern: string,
  folder: string,
  { parallel = 4, onProgress, ...options }: Omit<FetchOptions, "onBytes"> & {
    readonly parallel?: number;
    readonly onProgress?: (done: number, total: number, bytes: number) => void;
  } = {},
): Promise<FetchReport> {
  const urls = expandUrls(pattern);
  Deno.mkdirSync(folder, { recursive: true });
  const files: (string | undefined)[] = [];
  const failed: { url: string; reason: string }[] = [];
  let next = 0, done = 0, bytes = 0;
  const lane = async () => {
    for (let i = next++; i < urls.length; i = next++) {
      const path = join(folder, nameOf(urls[i]));
      let last: number | null = null;
      try {
        const onBytes = (there: number) => {
          // The first report of a file that goes on, or begins anew, counts from there.
          bytes += last === null || there < last ? 0 : there - last;
          last = there;
          onProgress?.(done, urls.length, bytes);
        };
        await fetchFile(urls[i], path, { ...options, onBytes });
        files[i] = path;
      } catch (error) {
        options.signal?.throwIfAborted();
        failed.push({
          url: urls[i],
          reason: error instanceof Error ? error.message : String(error),
        });
      }
      onProgress?.(++done, urls.length, bytes);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, urls.length) }, lane));
  return { files: files.filter((path) => path !== undefined), bytes, failed };
}
