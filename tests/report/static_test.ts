import assert from "node:assert/strict";
import sharp from "sharp";
import { changeAgainstTokens } from "../../src/report/figures/change_against_tokens.ts";
import { drawSvg } from "../../src/report/static/draw_svg.ts";
import { figurePng } from "../../src/report/static/figure_png.ts";
import { loadRasteriser, textWidth } from "../../src/report/static/rasterise_svg.ts";
import { LAW } from "./law_fixture.ts";

// plotly.js keeps timers of the document in memory; they end with the process.
const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test("figurePng draws the ink of every series when there is no browser", options, async () => {
  const figure = changeAgainstTokens(LAW);
  const png = await figurePng(figure, { width: 600, scale: 1 });
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  assert.deepEqual([info.width, info.height], [600, figure.layout.height]);
  for (const { marker } of figure.data) {
    const wanted = [1, 3, 5].map((at) => parseInt(marker!.color!.slice(at, at + 2), 16));
    let found = 0;
    for (let i = 0; i < data.length; i += 3) {
      if (wanted.every((value, c) => data[i + c] === value)) found++;
    }
    assert.ok(found > 50, `${marker?.color} covers ${found} pixels`);
  }
  assert.deepEqual(await figurePng(figure, { width: 600, scale: 1 }), png, "the same bytes again");
});

Deno.test(
  "drawSvg has every text, escaped, and leaves the figure as it is when it draws",
  options,
  async () => {
    const figure = changeAgainstTokens(LAW);
    const svg = await drawSvg(figure, 700);
    for (
      const text of [
        "resize",
        "block",
        "image tokens, with the class token",
        "change, points",
        "197",
        "large",
      ]
    ) {
      assert.ok(svg.includes(`>${text}<`), `${text} is missing`);
    }
    assert.match(svg, /Table &(?:lt|#60);T&(?:gt|#62);/);
    assert.deepEqual(figure, changeAgainstTokens(LAW));
  },
);

Deno.test("textWidth measures in the font of the pictures when texts differ", async () => {
  await loadRasteriser();
  const narrow = textWidth("iiii", 12, false), wide = textWidth("MMMM", 12, false);
  assert.ok(wide > 2 * narrow, `${narrow} ${wide}`);
  assert.ok(textWidth("MMMM", 12, true) > wide, "bold is wider");
  assert.ok(Math.abs(textWidth("MMMM", 24, false) - 2 * wide) < 1e-9);
  assert.ok(textWidth("  ", 12, false) > 0);
});
