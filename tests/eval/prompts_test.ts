import assert from "node:assert/strict";
import { canonicalText } from "../../src/eval/prompts/canonical_text.ts";
import { readClassList, readPromptFile } from "../../src/eval/prompts/prompt_lists.ts";
import { PROMPT_SETS, promptSet, promptsOf } from "../../src/eval/prompts/prompt_set.ts";

const OPENAI = ["a bad photo of a {}.", "A close-up_photo of the {}!", "itap of a {}."];

Deno.test("canonicalText takes out punctuation, capitals and blanks, and keeps what it is told", () => {
  // From the rules of the JAX code: string.punctuation goes, "_" becomes a blank.
  assert.equal(canonicalText("  A  T-shirt_(red)\t[x]{}~`^"), "a tshirt red x");
  assert.equal(canonicalText('a {} in {a} "video" game.', "{}"), "a {} in a video game");
  assert.equal(
    canonicalText("Chesapeake Bay Retriever, dog", ","),
    "chesapeake bay retriever, dog",
  );
  // Only ASCII punctuation.
  assert.equal(canonicalText("café – “bar”"), "café – “bar”");
});

Deno.test("promptSet has CLIP's prompts as they are, and CLIPA's canonical with the bare name", () => {
  const name = "Ibizan_Hound, dog";
  assert.deepEqual(promptsOf(promptSet("openai-80", () => OPENAI), name), [
    "a bad photo of a Ibizan_Hound, dog.",
    "A close-up_photo of the Ibizan_Hound, dog!",
    "itap of a Ibizan_Hound, dog.",
  ]);
  assert.deepEqual(promptsOf(promptSet("clipa-81", () => OPENAI), name), [
    "a bad photo of a ibizan hound",
    "a closeup photo of the ibizan hound",
    "itap of a ibizan hound",
    "ibizan hound",
  ]);
  const eighty = Array.from({ length: 80 }, (_, i) => `photo ${i} of {}`);
  assert.equal(promptSet("clipa-81", () => eighty).templates.length, 81);
  const unused = () => assert.fail("the 80 prompts were asked for");
  assert.deepEqual(promptsOf(promptSet("name-only", unused), name), [name]);
  assert.equal(promptSet("openai-7", unused).templates.length, 7);
});

Deno.test("promptSet lists the sets when the name is none of them", () => {
  assert.throws(
    () => promptSet("openai-81", () => OPENAI),
    /templates: seen "openai-81" \(openai-80\?\); allowed: openai-80, openai-7, clipa-81, name-only, or a file/,
  );
  assert.deepEqual(PROMPT_SETS, ["openai-80", "openai-7", "clipa-81", "name-only"]);
  assert.throws(() => promptSet("constructor", () => OPENAI), RangeError);
});

Deno.test("lists of names and prompts are read as JSON or as lines", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const write = (name: string, text: string) => {
      Deno.writeTextFileSync(`${dir}/${name}`, text);
      return `${dir}/${name}`;
    };
    assert.deepEqual(readClassList(write("a.txt", "cat\r\n dog \ncat\n\n")), ["cat", "dog", "cat"]);
    assert.deepEqual(readClassList(write("a.json", '["cat", "dog"]')), ["cat", "dog"]);
    assert.throws(() => readClassList(write("b.txt", "cat\n\ndog\n")), /b\.txt: line 2 is empty/);
    assert.throws(() => readClassList(write("c.txt", "\n")), /c\.txt: line 1 is empty/);
    const prompts = readPromptFile(write("p.txt", "a {c}\na photo of {}.\n"));
    assert.deepEqual(prompts.templates, ["a {}", "a photo of {}."]);
    assert.deepEqual(promptsOf(prompts, "apple"), ["a apple", "a photo of apple."]);
    assert.deepEqual(readPromptFile(write("p.json", '["a {}"]')).templates, ["a {}"]);
    assert.throws(
      () => readPromptFile(write("q.txt", "a {c}\nno place\n")),
      /q\.txt: prompt 2, "no place", has 0 places for the name; allowed: exactly one/,
    );
    assert.throws(() => readPromptFile(write("r.txt", "{} {c}\n")), /has 2 places/);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
