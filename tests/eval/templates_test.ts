import assert from "node:assert/strict";
import { fillTemplate } from "../../src/eval/fill_template.ts";
import { ICON_TEMPLATES } from "../../src/eval/icon_templates.ts";

Deno.test("ICON_TEMPLATES are 12 different prompts when each takes a name", () => {
  const prompts = new Set(ICON_TEMPLATES.map((template) => fillTemplate(template, "cat")));
  assert.equal(prompts.size, 12);
  for (const prompt of prompts) assert.match(prompt, /^[a-z ]*\bcat\b[a-z ]*$/);
});

Deno.test("ICON_TEMPLATES leave room for a name when a text has 8 tokens", () => {
  for (const template of ICON_TEMPLATES) {
    assert.ok(template.replace("{}", "").split(" ").filter(Boolean).length <= 4, template);
  }
});

Deno.test("fillTemplate chooses the article by sound when a name follows it", () => {
  const an = [
    "apple",
    "umbrella",
    "hourglass",
    "x-ray",
    "hour",
    "8 ball",
    "urn",
    "usher",
    "mp3",
    "owl",
  ];
  const a = [
    "cat",
    "unicorn",
    "uniform",
    "USB stick",
    "ufo",
    "euro",
    "house",
    "one way sign",
    "ukulele",
  ];
  for (const name of an) assert.equal(fillTemplate("icon of a {}", name), `icon of an ${name}`);
  for (const name of a) assert.equal(fillTemplate("An {} icon", name), `A ${name} icon`);
});

Deno.test("fillTemplate leaves other words alone when no article stands before the name", () => {
  assert.equal(fillTemplate("a black and white {}", "owl"), "a black and white owl");
  assert.equal(fillTemplate("{}", "owl"), "owl");
  assert.equal(fillTemplate("a drawing of {} on a wall", "owl"), "a drawing of owl on a wall");
  assert.equal(fillTemplate("an icon of a {}", "$& $1 {}"), "an icon of a $& $1 {}");
});

Deno.test("fillTemplate names the template when it has no or two places", () => {
  assert.throws(() => fillTemplate("an icon", "owl"), /template "an icon": seen 0 places/);
  assert.throws(() => fillTemplate("{} {}", "owl"), /seen 2 places .* exactly one/);
  assert.throws(() => fillTemplate("{}", " "), /class name " "/);
});
