import assert from "node:assert/strict";
import { chooseSense } from "../../src/data/icons/choose_sense.ts";
import { familyOf } from "../../src/data/icons/families.ts";
import { createWordFilter, HELD_OUT, splitOf } from "../../src/data/icons/held_out.ts";
import { createCopyFinder, NEAR_COPY_COSINE } from "../../src/data/icons/near_copies.ts";
import { createNameReader } from "../../src/data/icons/phrases.ts";
import { withStorageErrors } from "../../src/data/icons/storage_error.ts";
import { thumbnailOf } from "../../src/data/icons/thumbnail.ts";
import type { Sense, WordNet } from "../../src/data/icons/wordnet.ts";

Deno.test("familyOf merges designers when their sets share drawings", () => {
  const groups = [
    ["fluent", "fluent-mdl2", "fluent-color"],
    ["fluent-emoji", "fluent-emoji-flat", "fluent-emoji-high-contrast"],
    ["noto", "noto-v1"],
    ["emojione", "emojione-v1", "emojione-monotone"],
    ["streamline", "streamline-flex-color", "streamline-pixel", "covid"],
    ["fa", "fa-solid", "fa6-regular", "fa7-solid", "fontisto"],
    ["material-symbols", "material-symbols-light", "ic", "mdi", "mdi-light"],
    ["heroicons", "heroicons-outline"],
    ["uil", "uim", "uis", "uit"],
    ["pepicons", "pepicons-pop"],
    ["bx", "bxs", "boxicons"],
    ["feather", "lucide", "lucide-lab", "meteor-icons"],
    ["solar", "reicon"],
    ["ion", "famicons"],
    ["mi", "mono-icons"],
    ["map", "temaki", "pinhead"],
    ["la", "icons8"],
  ];
  const families = groups.map((sets) => new Set(sets.map(familyOf)));
  families.forEach((family, i) => assert.equal(family.size, 1, groups[i].join(" ")));
  assert.equal(new Set(families.flatMap((family) => [...family])).size, groups.length);
  for (const alone of ["ph", "fad", "famous", "icon-parking", "mage", "bi"]) {
    assert.equal(familyOf(alone), alone);
  }
});

Deno.test("splitOf keeps the benchmark families out of training", () => {
  for (const family of Object.values(HELD_OUT.test).flat()) assert.equal(splitOf(family), "test");
  for (const family of HELD_OUT.validation) assert.equal(splitOf(family), "val");
  assert.equal(splitOf("tabler"), "train");
  for (const { sets } of Object.values(HELD_OUT.shift)) {
    for (const set of sets) assert.equal(splitOf(familyOf(set)), "test", set);
  }
});

Deno.test("createNameReader splits phrase and style as the set declares or shows", () => {
  const declared = createNameReader({
    suffixes: { "": "Regular", outline: "Outline", "outline-sharp": "Outline Sharp" },
    prefixes: {},
    names: new Set(),
  });
  assert.deepEqual(declared("alarm-outline-sharp"), {
    phrase: "alarm",
    style: ["outline", "sharp"],
    size: undefined,
  });
  const prefixed = createNameReader({
    suffixes: {},
    prefixes: { twotone: "Two-Tone" },
    names: new Set(["twotone-home"]),
  });
  assert.deepEqual(prefixed("twotone-home"), {
    phrase: "home",
    style: ["two-tone"],
    size: undefined,
  });
  const names = new Set([
    "account",
    "account-outline",
    "traffic-light",
    "traffic-light-outline",
    "text-bold",
    "home",
    "home-2",
    "number-2",
    "number",
    "f-16",
  ]);
  const shown = createNameReader({ suffixes: {}, prefixes: {}, names });
  const read = (name: string) => [shown(name).phrase, ...shown(name).style].join("|");
  assert.equal(read("account-outline"), "account|outline");
  assert.equal(read("traffic-light"), "traffic light");
  assert.equal(read("traffic-light-outline"), "traffic light|outline");
  assert.equal(read("text-bold"), "text bold");
  assert.equal(read("home-2"), "home");
  assert.equal(read("number-2"), "number 2");
  assert.equal(read("f-16"), "f 16");
});

Deno.test("createWordFilter finds words, plurals and long words inside others", () => {
  const says = createWordFilter(["cherry", "loaf", "bee", "magnet"]);
  for (const text of ["a Cherry tree", "two cherries", "loaves", "bees", "electromagnetic"]) {
    assert.ok(says(text), text);
  }
  for (const text of ["beer", "been there", "cheer", ""]) assert.ok(!says(text), text);
  assert.ok(!createWordFilter([])("anything"));
});

const sense = (file: number, gloss: string, rank = 1): Sense => (
  { synset: rank, rank, file, lemmas: ["x"], gloss }
);
const wordnetOf = (senses: Sense[]): WordNet => ({ senses: () => senses });

Deno.test("chooseSense takes a concrete meaning, and another one only when tags speak for it", () => {
  const tool = sense(6, "a hand tool for driving nails");
  const animal = sense(5, "a fish of warm seas and coasts", 2);
  const deed = sense(4, "the act of driving nails with a hand tool");
  assert.equal(chooseSense(wordnetOf([deed, tool]), "x", []), undefined, "first meaning abstract");
  assert.equal(chooseSense(wordnetOf([tool, animal]), "x", []), tool);
  assert.equal(chooseSense(wordnetOf([tool, animal]), "x", ["fish"]), tool, "one word is chance");
  assert.equal(chooseSense(wordnetOf([tool, animal]), "x", ["fish", "sea"]), animal);
  assert.equal(chooseSense(wordnetOf([tool, deed]), "x", ["driving", "nails"]), tool);
  assert.equal(chooseSense(wordnetOf([]), "x", ["fish"]), undefined);
});

/** A frame with a bar inside, its corner at a place of a white 64 × 64 picture. */
function frame(left: number, top: number, scale: number): Uint8Array {
  const picture = new Uint8Array(64 * 64).fill(255);
  const side = 16 * scale;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const edge = Math.min(x, y, side - 1 - x, side - 1 - y) < 2 * scale;
      const bar = y >= 6 * scale && y < 8 * scale && x < 12 * scale;
      if (edge || bar) picture[(top + y) * 64 + left + x] = 0;
    }
  }
  return picture;
}

Deno.test("thumbnailOf gives one thumbnail when a drawing is moved or scaled", () => {
  const first = thumbnailOf(frame(0, 0, 3), 64);
  assert.ok(first);
  assert.deepEqual(thumbnailOf(frame(10, 7, 3), 64), first);
  assert.deepEqual(thumbnailOf(frame(20, 30, 2), 64), first);
  assert.equal(thumbnailOf(new Uint8Array(64 * 64).fill(255), 64), undefined);
  assert.equal(thumbnailOf(new Uint8Array(64 * 64).fill(0), 64), undefined);
});

Deno.test("createCopyFinder compares only pictures of the same phrase", () => {
  // deno-lint-ignore no-explicit-any
  const row = (phrase: string) => ({ phrase }) as any;
  const finder = createCopyFinder(new Set(["box"]));
  const thumbnail = thumbnailOf(frame(0, 0, 3), 64)!;
  finder.addTraining(row("box"), thumbnail);
  finder.addTraining(row("frame"), thumbnail);
  assert.ok(finder.closest(row("box"), thumbnail) > 0.9999);
  assert.equal(finder.closest(row("frame"), thumbnail), 0);
  const other = thumbnailOf(frame(0, 0, 3).map((v, i) => (i % 64 < 24 ? v : 255)), 64)!;
  assert.ok(finder.closest(row("box"), other) < NEAR_COPY_COSINE);
});

Deno.test("withStorageErrors says what to do when the system refuses to write", async () => {
  const failing = (error: Error) => withStorageErrors("/cache", () => Promise.reject(error));
  await assert.rejects(failing(new Error("No space left on device (os error 28)")), {
    message: /cannot write to \/cache: no space left; .*CLIPA_CACHE.*goes on/,
  });
  await assert.rejects(failing(new Error("Read-only file system (os error 30)")), /read-only/);
  await assert.rejects(failing(new Deno.errors.PermissionDenied("no")), /permission denied/);
  await assert.rejects(failing(new RangeError("other")), { name: "RangeError", message: "other" });
});
