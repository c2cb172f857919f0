import assert from "node:assert/strict";
import { decodeHeader, recordChecksum } from "../../src/data/records/record_layout.ts";
import { createRecordWriter } from "../../src/data/records/record_writer.ts";
import { openRecords } from "../../src/data/records/records.ts";

const CHECKSUM_AT = 40;

/** A record file whose index was changed by somebody who also made its checksum right. */
function changed(path: string, change: (index: Uint8Array) => void) {
  const bytes = Deno.readFileSync(path);
  const { indexAt } = decodeHeader(bytes, path);
  change(bytes.subarray(indexAt));
  bytes.set(recordChecksum(bytes, bytes.subarray(indexAt)), CHECKSUM_AT);
  Deno.writeFileSync(path, bytes);
}

/** Replaces text of the JSON head by text of the same length. */
function replace(index: Uint8Array, from: RegExp, to: (seen: string) => string) {
  const text = new TextDecoder("latin1").decode(index);
  const found = from.exec(text)!;
  index.set(new TextEncoder().encode(to(found[0]).padEnd(found[0].length)), found.index);
}

/** Where a section's bytes stand in the index. */
function placeOf(index: Uint8Array, name: string): number {
  const text = new TextDecoder("latin1").decode(index);
  return Number(new RegExp(`"${name}":\\{"at":(\\d+)`).exec(text)![1]);
}

Deno.test("openRecords refuses an index that contradicts itself, although its checksum is right", () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/train-4.bin`;
  const cases: [(index: Uint8Array) => void, RegExp][] = [
    [(index) => replace(index, /"bytes":12\b/, () => '"bytes":11'), /section \w+ of 11 bytes/],
    [(index) => replace(index, /"at":\d+/, () => '"at":-8'), /section \w+ of \d+ bytes at -8/],
    [(index) => replace(index, /"families":\["ph"\]/, () => '"families":{"a":1}'), /index head/],
    [(index) => replace(index, /\{"families/, () => '["families'), /index head/],
    [(index) => index[placeOf(index, "captionStart") + 4] = 200, /captionStart falls at 2/],
    [(index) => index[placeOf(index, "phrase")] = 9, /phrase 9; below 2 allowed/],
    [(index) => index[placeOf(index, "family")] = 1, /family 1; below 1 allowed/],
    [(index) => index[placeOf(index, "captionText")] = 77, /captionText 77; below/],
  ];
  try {
    for (const [change, message] of cases) {
      using writer = createRecordWriter(path, { side: 4, families: ["ph"], sets: ["ph"] });
      for (const [key, phrase] of [["a", "bee"], ["b", "sea"], ["c", "bee"]]) {
        const captions = [{ level: 1, text: phrase }];
        const pixels = new Uint8Array(16);
        writer.add({ key, set: "ph", family: "ph", phrase, pixels, captions });
      }
      writer.close();
      assert.equal(openRecords(path).captions(2)[0].text, "bee");
      changed(path, change);
      assert.throws(
        () => openRecords(path),
        (error) =>
          error instanceof SyntaxError && message.test(error.message) &&
          error.message.includes(path),
      );
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
