import assert from "node:assert/strict";
import { ilsvrcList, isIlsvrcList } from "../../src/data/benches/ilsvrc_list.ts";
import { readMatStructs } from "../../src/data/benches/mat_file.ts";

const GOLDENS = new URL("./goldens/", import.meta.url);
const PACKED = Deno.readFileSync(new URL("meta_packed.mat", GOLDENS));
const PLAIN = Deno.readFileSync(new URL("meta_plain.mat", GOLDENS));

/** The made-up classes and ids of make_meta_goldens.py. */
const WNIDS = Array.from(
  { length: 1000 },
  (_, i) => `n${String(1440764 + 3 * i).padStart(8, "0")}`,
);
const classOfId = (id: number) => (7 * id + 3) % 1000;

const RULES = {
  classes: 1000,
  indexOf: (wnid: string) => WNIDS.includes(wnid) ? WNIDS.indexOf(wnid) : undefined,
};

const pictureName = (number: number) => `ILSVRC2012_val_${String(number).padStart(8, "0")}.JPEG`;

/** A folder `val` of empty pictures 1, 2 and 3, and other files. */
function withFolder(files: Record<string, string | Uint8Array>, body: (dir: string) => void): void {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${dir}/val`);
    for (const number of [1, 2, 3]) Deno.writeTextFileSync(`${dir}/val/${pictureName(number)}`, "");
    for (const [name, content] of Object.entries(files)) {
      if (typeof content === "string") Deno.writeTextFileSync(`${dir}/${name}`, content);
      else Deno.writeFileSync(`${dir}/${name}`, content);
    }
    body(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

async function listed(source: ReturnType<typeof ilsvrcList>): Promise<[string, number][]> {
  const rows: [string, number][] = [];
  for (const part of source.parts) {
    for await (const { key, part: label } of part.pictures(() => {})) rows.push([key, label]);
  }
  return rows;
}

Deno.test("readMatStructs reads what SciPy wrote, packed and plain", () => {
  for (const [bytes, count] of [[PACKED, 1005], [PLAIN, 7]] as const) {
    const rows = readMatStructs(bytes, "synsets", ["WNID", "ILSVRC2012_ID", "words", "children"]);
    assert.equal(rows.length, count);
    const leaves = count - 5;
    for (const [i, row] of rows.entries()) {
      assert.equal(row.ILSVRC2012_ID, i + 1);
      const wnid = i < leaves ? WNIDS[(7 * (i + 1) + 3) % leaves] : `n0000000${i - leaves}`;
      assert.equal(row.WNID, wnid);
      assert.equal(row.words, i % 3 ? "made up, of no kind" : "x");
      assert.equal(row.children, i < leaves ? undefined : 1);
    }
  }
});

Deno.test("readMatStructs refuses what is no whole MATLAB file, and says what is missing", () => {
  const problem = (bytes: Uint8Array, variable = "synsets") => {
    try {
      readMatStructs(bytes, variable, ["WNID"]);
    } catch (error) {
      assert.ok(error instanceof SyntaxError, `${error}`);
      return error.message;
    }
    assert.fail("it was read");
  };
  assert.match(problem(new Uint8Array(500)), /a file that begins .*version 5 to 7\.2/);
  assert.match(problem(PLAIN, "classes"), /no variable classes/);
  assert.match(problem(PLAIN, "other"), /other of class/);
  assert.throws(() => readMatStructs(PLAIN, "synsets", ["gloss"]), /synsets without gloss: ILSVRC/);
  for (const bytes of [PLAIN, PACKED]) {
    for (let cut = 130; cut < bytes.length - 8; cut += 97) problem(bytes.slice(0, cut));
    // No flipped byte gives anything but a value or such an error.
    for (let at = 128; at < bytes.length; at += 31) {
      const flipped = bytes.slice();
      flipped[at] ^= 0x81;
      try {
        readMatStructs(flipped, "synsets", ["WNID", "ILSVRC2012_ID"]);
      } catch (error) {
        assert.ok(error instanceof SyntaxError, `byte ${at}: ${error}`);
      }
    }
  }
});

Deno.test("ilsvrcList takes the kit's order of classes from meta.mat, from map_clsloc.txt, or WordNet ids", async () => {
  const list = "490\n1\n1000\n";
  const wanted = [490, 1, 1000].map((id, i) => [pictureName(i + 1), classOfId(id)] as const);
  const lines = WNIDS.map((_, i) => `${WNIDS[classOfId(i + 1)]} ${i + 1} a_name`).join("\n");
  const forms = {
    mat: { "truth.txt": list, "meta.mat": PACKED },
    map: { "truth.txt": list.replaceAll("\n", "\r\n"), "map_clsloc.txt": lines },
    wnids: { "truth.txt": wanted.map(([, label]) => `${WNIDS[label]}\n`).join("") },
  };
  for (const [name, files] of Object.entries(forms)) {
    const found: Promise<[string, number][]>[] = [];
    withFolder(files, (dir) => {
      assert.ok(isIlsvrcList(`${dir}/truth.txt`));
      found.push(listed(ilsvrcList(`${dir}/val`, `${dir}/truth.txt`, RULES)));
    });
    assert.deepEqual(await found[0], wanted, name);
  }
  // A part of the classes leaves the other pictures out; a picture that is missing keeps its place.
  const found: Promise<[string, number][]>[] = [];
  withFolder(forms.mat, (dir) => {
    Deno.removeSync(`${dir}/val/${pictureName(3)}`);
    const placeOf = (index: number) => index === classOfId(1) ? null : index + 5;
    found.push(listed(ilsvrcList(`${dir}/val`, `${dir}/truth.txt`, { ...RULES, placeOf })));
  });
  assert.deepEqual(
    await found[0],
    [wanted[0], wanted[2]].map(([name, label]) => [name, label + 5]),
  );
});

Deno.test("isIlsvrcList knows lists without names from lists with them", () => {
  const forms = { "65\n970\n": true, "n01440764\n": true, "\n 3 \n": true, "": false };
  const named = { "ILSVRC2012_val_00000001.JPEG 65\n": false, "ImageId,Prediction\n": false };
  for (const [text, wanted] of Object.entries({ ...forms, ...named })) {
    withFolder(
      { "l.txt": text },
      (dir) => assert.equal(isIlsvrcList(`${dir}/l.txt`), wanted, text),
    );
  }
});

Deno.test("ilsvrcList says what is missing or wrong, and never takes the kit's ids for indices", () => {
  const fails = (files: Record<string, string | Uint8Array>, message: RegExp) =>
    withFolder(files, (dir) => {
      assert.throws(() => ilsvrcList(`${dir}/val`, `${dir}/truth.txt`, RULES), message);
    });
  const meta = { "meta.mat": PACKED };
  fails(
    { "truth.txt": "1\n2\n3\n" },
    /truth\.txt: its ids count .* own order.*put meta\.mat .*map_clsloc/,
  );
  fails({ ...meta, "truth.txt": "1\n0\n3\n" }, /truth\.txt, line 2: seen "0"; allowed: ILSVRC/);
  fails({ ...meta, "truth.txt": "1\n1001\n3\n" }, /line 2: seen "1001"/);
  fails({ ...meta, "truth.txt": "1\ncat\n3\n" }, /line 2: seen "cat"/);
  fails({ "truth.txt": "n01440764\nn99999999\n3\n", ...meta }, /line 2: n99999999 is no class/);
  fails({ ...meta, "truth.txt": "1\n2\n" }, /00000003\.JPEG: the list has 2 lines/);
  fails({ ...meta, "truth.txt": "1\n2\n3\n", "val/a.jpg": "" }, /a\.jpg: its name has no number/);
  fails({ ...meta, "truth.txt": "1\n2\n3\n", "val/x_val_00000002.png": "" }, /has the same number/);
  const list = { "truth.txt": "1\n2\n3\n" };
  fails({ ...list, "meta.mat": PLAIN }, /meta\.mat: seen 7 ids for \d classes|meta\.mat: seen id/);
  fails({ ...list, "meta.mat": PACKED.slice(0, 3000) }, /meta\.mat: seen an element that is cut/);
  fails(
    { ...list, "map_clsloc.txt": "n01440764 1 a\nn01440764 1 b\n" },
    /map_clsloc\.txt: seen id 1/,
  );
  fails({ ...list, "map_clsloc.txt": "no list" }, /map_clsloc\.txt: seen id NaN for no/);
});
