import assert from "node:assert/strict";
import { changeAgainstKept } from "../../src/report/figures/change_against_kept.ts";
import { changeAgainstSize } from "../../src/report/figures/change_against_size.ts";
import { changeAgainstTokens } from "../../src/report/figures/change_against_tokens.ts";
import type { Figure } from "../../src/report/figures/figure.ts";
import { figureText } from "../../src/report/figures/figure_text.ts";
import { panelFigure } from "../../src/report/figures/panel_figure.ts";
import { scoreAgainstCompute } from "../../src/report/figures/score_against_compute.ts";
import { scoreAgainstTokensSeen } from "../../src/report/figures/score_against_tokens_seen.ts";
import { trainingCurve } from "../../src/report/figures/training_curve.ts";
import { LAW } from "./law_fixture.ts";

const traceOf = (figure: Figure, name: string, axis: string) =>
  figure.data.find((trace) => trace.name === name && trace.xaxis === axis);

Deno.test("changeAgainstTokens draws one panel a strategy and one line a size when it gets a table", () => {
  const figure = changeAgainstTokens(LAW);
  assert.deepEqual(figure.data.map(({ name, xaxis }) => [name, xaxis]), [
    ["small", "x"],
    ["large", "x"],
    ["large", "x2"],
  ]);
  const small = traceOf(figure, "small", "x")!;
  // The full length closes the line at no change, and points stand from few to many tokens.
  assert.deepEqual([small.x, small.y], [[17, 50, 197], [-6, -2, 0]]);
  assert.deepEqual(small.error_y?.array, [0.5, 0.5, null]);
  assert.deepEqual(small.error_y?.arrayminus, [0.25, 0.25, null]);
  assert.equal(figure.layout.xaxis.type, "log");
  assert.equal(figure.layout.xaxis2.matches, "x");
  // 49 and 50 are one tick: their numbers would lie on each other.
  assert.deepEqual(figure.layout.xaxis.tickvals, [17, 49, 197]);
});

Deno.test("panelFigure gives a series one legend entry and one look when it is in many panels", () => {
  const { data } = changeAgainstTokens(LAW);
  const large = data.filter(({ name }) => name === "large");
  assert.deepEqual(large.map(({ showlegend }) => showlegend), [true, false]);
  assert.equal(new Set(large.map(({ marker }) => marker?.color)).size, 1);
  assert.equal(new Set(large.map(({ legendgroup }) => legendgroup)).size, 1);
  assert.notEqual(data[0].marker?.color, large[0].marker?.color);
});

Deno.test("panelFigure stacks panels without overlap when columns are fewer than panels", () => {
  const wide = changeAgainstTokens(LAW).layout;
  const narrow = changeAgainstTokens(LAW, { columns: 1 }).layout;
  assert.ok(wide.xaxis.domain![1] < wide.xaxis2.domain![0]);
  assert.deepEqual(narrow.xaxis.domain, narrow.xaxis2.domain);
  assert.ok(narrow.yaxis2.domain![1] < narrow.yaxis.domain![0], "the first panel is on top");
  assert.ok(narrow.height > wide.height);
});

Deno.test("changeAgainstSize draws one line a length when masks and resizing differ by a token", () => {
  const figure = changeAgainstSize(LAW);
  assert.deepEqual([...new Set(figure.data.map(({ name }) => name))], [
    "49/50 tokens",
    "17 tokens",
  ]);
  assert.deepEqual(traceOf(figure, "49/50 tokens", "x")!.x, [22, 304]);
  assert.deepEqual(traceOf(figure, "49/50 tokens", "x2")!.y, [-1]);
});

Deno.test("scoreAgainstTokensSeen multiplies tokens by pairs when it places a row", () => {
  const figure = scoreAgainstTokensSeen(LAW);
  const small = traceOf(figure, "small", "x")!;
  assert.deepEqual([small.x, small.y], [[17e9, 50e9], [44, 48]]);
  const rows = LAW.rows.map(({ pairs: _pairs, ...rest }) => rest);
  assert.throws(() => scoreAgainstTokensSeen({ ...LAW, rows }), /has no panel: no row/);
});

Deno.test("scoreAgainstCompute draws the front as a line of its own when it is given", () => {
  const series = [{ name: "S", points: [{ x: 2, y: 60 }, { x: 1, y: 50 }] }];
  const table = {
    source: "s",
    intervals: "none",
    scoreTitle: "top-1",
    computeTitle: "MACs",
    series,
  };
  assert.deepEqual(scoreAgainstCompute(table).data.map(({ name }) => name), ["S"]);
  const front = scoreAgainstCompute({ ...table, front: [{ x: 1, y: 50 }] });
  assert.deepEqual(front.data.map(({ name, x }) => [name, x]), [
    ["Pareto front", [1]],
    ["S", [1, 2]],
  ]);
  const wrong = { ...table, series: [{ name: "S", points: [{ x: 0, y: 1 }] }] };
  assert.throws(() => scoreAgainstCompute(wrong), /S: the point \(0, 1\) has no logarithm/);
});

Deno.test("changeAgainstKept has a linear axis when it draws shares", () => {
  const series = [{ name: "L/16", points: [{ x: 20, y: -3.84 }, { x: 100, y: 0 }] }];
  const figure = changeAgainstKept({
    source: "s",
    intervals: "none",
    changeTitle: "points",
    series,
  });
  assert.equal(figure.layout.xaxis.type, "linear");
  assert.deepEqual(figure.data[0].y, [-3.84, 0]);
});

Deno.test("figures keep names letter by letter when data holds tags", () => {
  const series = [{
    name: "<script>alert(1)</script> & co",
    points: [{ x: 1, y: 2, note: "<b>" }],
  }];
  const figure = panelFigure({
    title: "<i>t</i>",
    subtitle: "<s>",
    panels: [{ title: "<p>", series }],
    x: { title: "<x>" },
    y: { title: "<y>" },
  });
  const own = ["b", "br", "span"];
  const tags = [...JSON.stringify(figure).matchAll(/<\/?(\w+)/g)].map(([, tag]) => tag);
  assert.deepEqual(tags.filter((tag) => !own.includes(tag)), []);
  const text = figureText(figure);
  assert.match(text, /<i>t<\/i>/);
  assert.match(text, /<p>, <script>alert\(1\)<\/script> & co {2}1: 2/);
});

Deno.test("changeAgainstTokens names the strategies that exist when another is asked for", () => {
  assert.throws(
    () => changeAgainstTokens(LAW, { strategies: ["grid"] }),
    /strategy "grid" has no row in Table <T>; it has resize, block/,
  );
});

Deno.test("trainingCurve marks the stages and leaves out lines without a loss when it draws", () => {
  const line = (stage: string, samples: number, loss: number) => ({ stage, samples, loss });
  const lines = [
    line("short", 64, 4),
    line("short", 128, 3),
    { stage: "short", samples: 128, "icons-592.top1": 0.1 },
    line("full", 192, NaN),
    line("full", 256, 3.5),
  ];
  const figure = trainingCurve([{ name: "a", lines }]);
  assert.deepEqual([figure.data[0].x, figure.data[0].y], [[64, 128, 256], [4, 3, 3.5]]);
  assert.deepEqual(figure.layout.shapes?.map(({ x0 }) => x0), [128]);
  assert.equal(figure.layout.annotations?.[0].text, "full");
  assert.match(figureText(figure), /^ {2}a {2}64: 4; 128: 3; 256: 3.5$/m);
  assert.throws(() => trainingCurve([{ name: "b", lines: [] }]), /no run has a loss yet \(b\)/);
});
