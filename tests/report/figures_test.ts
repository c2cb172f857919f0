import assert from "node:assert/strict";
import { changeAgainstKept } from "../../src/report/figures/change_against_kept.ts";
import { changeAgainstSize } from "../../src/report/figures/change_against_size.ts";
import { changeAgainstTokens } from "../../src/report/figures/change_against_tokens.ts";
import type { Figure } from "../../src/report/figures/figure.ts";
import { figureText } from "../../src/report/figures/figure_text.ts";
import { findingsFigure } from "../../src/report/figures/findings_figure.ts";
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
  assert.deepEqual([small.customdata, small.y], [[17, 50, 197], [-6, -2, 0]]);
  assert.deepEqual(small.error_y?.array, [0.5, 0.5, null]);
  assert.deepEqual(small.error_y?.arrayminus, [0.25, 0.25, null]);
  assert.equal(figure.layout.xaxis.type, "log");
  assert.equal(figure.layout.xaxis2.matches, "x");
  // 49 and 50 are one tick, and each panel names the one that it has.
  assert.deepEqual(figure.layout.xaxis.tickvals, [17, 50, 197]);
  assert.deepEqual(figure.layout.xaxis2.tickvals, [17, 49, 197]);
});

Deno.test("panelFigure gives a series one legend entry and one look when it is in many panels", () => {
  const { data } = changeAgainstTokens(LAW);
  const large = data.filter(({ name }) => name === "large");
  assert.deepEqual(large.map(({ showlegend }) => showlegend), [true, false]);
  assert.equal(new Set(large.map(({ marker }) => marker?.color)).size, 1);
  assert.equal(new Set(large.map(({ legendgroup }) => legendgroup)).size, 1);
  assert.notEqual(data[0].marker?.color, large[0].marker?.color);
});

Deno.test("panelFigure moves points apart when their bars would hide each other, and no others", () => {
  const { data } = changeAgainstTokens(LAW);
  const [small, large] = data;
  assert.ok(small.x[0] < 17 && large.x[0] > 17, `${small.x[0]}, ${large.x[0]}`);
  assert.ok(Math.abs(small.x[0] / 17 - 1) < 0.05, "a point stays near its place");
  assert.deepEqual([small.x[2], large.x[2]], [197, 197]); // no bars at full length
  assert.deepEqual(traceOf({ data } as Figure, "large", "x2")!.x, [49, 197]); // alone in its panel
  const bar = { y: 1, low: 0, high: 2 };
  const spec = (exact: boolean) => ({
    title: "t",
    subtitle: "s",
    panels: [{
      title: "",
      series: ["a", "b"].map((name) => ({
        name,
        points: [{ x: 5, ...bar }, { x: 9, ...bar }],
      })),
    }],
    x: { title: "x", exact },
    y: { title: "y" },
  });
  assert.deepEqual(panelFigure(spec(true)).data[0].x, [5, 9]);
  const [a, b] = panelFigure(spec(false)).data;
  assert.ok(a.x[0] < 5 && b.x[0] > 5);
  assert.match(figureText(panelFigure(spec(false))), /^ {2}a {2}5: 1 \[0, 2\]; 9: 1 \[0, 2\]$/m);
});

Deno.test("a size looks the same in every figure when other sizes are left out", () => {
  const draw = (...names: string[]) =>
    panelFigure({
      title: "t",
      subtitle: "s",
      panels: [{ title: "", series: names.map((name) => ({ name, points: [{ x: 1, y: 1 }] })) }],
      x: { title: "x" },
      y: { title: "y" },
    }).data.map(({ marker }) => marker?.color);
  const [small, middle, large] = draw("small", "middle", "large");
  assert.equal(new Set([small, middle, large]).size, 3);
  assert.deepEqual(draw("large", "small"), [large, small]);
  assert.deepEqual(draw("S/16", "L/16"), [small, large]);
  assert.deepEqual(draw("other", "small"), [middle, small]); // the first that is free
});

Deno.test("a series beside another has its colour, hollow signs and no line when it is drawn", () => {
  const points = [{ x: 1, y: 1 }];
  const { data } = scoreAgainstCompute({
    source: "s",
    intervals: "none",
    scoreTitle: "top-1",
    computeTitle: "MACs",
    series: [{ name: "a", points }, { name: "a, masks", besides: "a", points }],
  });
  const [whole, masks] = data;
  assert.equal(masks.marker?.color, whole.marker?.color);
  assert.deepEqual([whole.mode, masks.mode], ["lines+markers", "markers"]);
  assert.equal(masks.marker?.symbol, `${whole.marker?.symbol}-open`);
});

Deno.test("figures of tokens have the paper's order of strategies when rows come in another", () => {
  const rows = LAW.rows.toReversed();
  const headings = (figure: Figure) =>
    figure.layout.annotations?.filter(({ name }) => name === "panel").map(({ text }) => text);
  assert.deepEqual(headings(changeAgainstTokens({ ...LAW, rows })), [
    "<b>resize</b>",
    "<b>block</b>",
  ]);
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
  assert.deepEqual(traceOf(figure, "49/50 tokens", "x")!.customdata, [22, 304]);
  assert.deepEqual(traceOf(figure, "49/50 tokens", "x2")!.y, [-1]);
});

Deno.test("scoreAgainstTokensSeen multiplies tokens by pairs when it places a row", () => {
  const figure = scoreAgainstTokensSeen(LAW);
  const small = traceOf(figure, "small", "x")!;
  assert.deepEqual([small.customdata, small.y], [[17e9, 50e9], [44, 48]]);
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

Deno.test("findingsFigure draws ours by verdict beside the paper's when both are there", () => {
  const base = { measured: "m", seeds: 2, seedError: 0.1, imageError: 0.1, freedom: 9 };
  const claim = "<b>small";
  const findings = [
    {
      claim,
      compared: "first",
      paper: 0.1,
      ours: { ...base, claim, verdict: "opposite" as const, value: -0.3, low: -0.5, high: -0.1 },
    },
    { claim, compared: "second", paper: 0.2, ours: null },
  ];
  const figure = findingsFigure(findings);
  assert.deepEqual(figure.data.map(({ name, x, y }) => [name, x, y]), [
    ["ours: opposite", [-0.3], [1]],
    ["the paper", [0.1, 0.2], [1, 0]],
  ]);
  const [ours, paper] = figure.data.map(({ error_x }) => error_x);
  assert.deepEqual([ours?.array, ours?.arrayminus], [[-0.1 - -0.3], [-0.3 - -0.5]]);
  assert.equal(paper?.visible, false);
  const text = figureText(figure);
  assert.match(text, /ours: opposite\n {4}<b>small: first: -0\.3 \[-0\.5, -0\.1\]/);
  assert.match(text, /the paper\n.*first: 0\.1\n.*second: 0\.2$/);
  assert.ok(findingsFigure(findings, { columns: 1 }).layout.height > figure.layout.height);
  assert.throws(() => findingsFigure([]), /no finding to draw/);
});
