import type { IconSet } from "../../src/data/icons/icon_set.ts";
import { createRecordWriter } from "../../src/data/records/record_writer.ts";

const SIDE = 16;
const WORDS = ["box", "bar", "dot", "cross", "frame", "line", "ring", "star"];
const COLOURS = ["red", "green", "blue", "dark", "pale", "plain", "bold", "thin"];

/** A picture that depends on the phrase, with a little noise by row. */
function draw(phrase: number, row: number): Uint8Array {
  const pixels = new Uint8Array(SIDE * SIDE).fill(255);
  for (let i = 0; i < 60; i++) {
    const at = Math.imul(i + 1, 2654435761 + 40503 * phrase) >>> 24;
    pixels[at] = (Math.imul(row + 1, 97) + i) % 64;
  }
  return pixels;
}

/** An icon set of 64 phrases, small enough to train on in a test. */
export function makeSmallSet(dir: string): IconSet {
  Deno.mkdirSync(`${dir}/baked`, { recursive: true });
  Deno.mkdirSync(`${dir}/bench`, { recursive: true });
  const phrases = COLOURS.flatMap((colour) => WORDS.map((word) => `${colour} ${word}`));
  const write = (split: string, copies: number) => {
    const path = `${dir}/baked/${split}-${SIDE}.bin`;
    using writer = createRecordWriter(path, { side: SIDE, families: ["a", "b"], sets: ["a", "b"] });
    for (let copy = 0; copy < copies; copy++) {
      phrases.forEach((phrase, i) => {
        const family = copy % 2 === 0 ? "a" : "b";
        const captions = [
          { level: 1 as const, text: phrase },
          { level: 2 as const, text: `icon of ${phrase}` },
        ];
        const key = `${split}:${copy}-${i}`;
        const pixels = draw(i, copy * 64 + i);
        writer.add({ key, set: family, family, phrase, pixels, captions });
      });
    }
    writer.close();
    return path;
  };
  const bench = {
    name: "small",
    kind: "classification",
    about: "test",
    split: "test",
    classes: phrases,
    rows: phrases.map((_, i) => i),
    labels: phrases.map((_, i) => i),
    nearCopiesDropped: 0,
  };
  Deno.writeTextFileSync(`${dir}/bench/small.json`, JSON.stringify(bench));
  return {
    dir,
    train: write("train", 6),
    val: write("val", 1),
    test: write("test", 1),
    benches: { small: `${dir}/bench/small.json` },
    build: {} as IconSet["build"],
  };
}
