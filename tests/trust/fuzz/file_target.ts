import type { FuzzTarget } from "./fuzz_target.ts";

/** UTF-8 bytes of a text. */
export const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Bytes of a value as JSON. */
export const json = (value: unknown): Uint8Array<ArrayBuffer> => encode(JSON.stringify(value));

/** A target whose reader takes the path of a file. */
export function fileTarget(
  name: string,
  file: string,
  seeds: readonly Uint8Array[],
  read: (path: string) => unknown,
  more: Partial<FuzzTarget> = {},
): FuzzTarget {
  return {
    name,
    seeds,
    read(input, folder) {
      const path = `${folder}/${file}`;
      Deno.writeFileSync(path, input);
      return read(path);
    },
    ...more,
  };
}

/** What `make` writes to a path. */
export async function written(make: (path: string) => unknown): Promise<Uint8Array> {
  const folder = Deno.makeTempDirSync();
  try {
    await make(`${folder}/file`);
    return Deno.readFileSync(`${folder}/file`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
