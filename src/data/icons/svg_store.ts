/** Keeps SVG texts in one file, since together they would fill memory; workers read them there. */
export interface SvgStore extends Disposable {
  /** Append a text; says where it lies, in bytes. */
  store(svg: string): { at: number; bytes: number };
  /** Write what is still in memory. */
  flush(): void;
}

/** Start a file of SVG texts, over an old one if there is one. */
export function createSvgStore(path: string): SvgStore {
  const file = Deno.openSync(path, { write: true, create: true, truncate: true });
  const encoder = new TextEncoder();
  const buffer = new Uint8Array(4 << 20);
  let used = 0, at = 0;
  const flush = () => {
    for (let from = 0; from < used;) from += file.writeSync(buffer.subarray(from, used));
    used = 0;
  };
  return {
    store(svg) {
      let bytes = encoder.encode(svg);
      const place = { at, bytes: bytes.length };
      at += bytes.length;
      while (bytes.length > 0) {
        const part = bytes.subarray(0, buffer.length - used);
        buffer.set(part, used);
        used += part.length;
        bytes = bytes.subarray(part.length);
        if (used === buffer.length) flush();
      }
      return place;
    },
    flush,
    [Symbol.dispose]: () => file.close(),
  };
}
