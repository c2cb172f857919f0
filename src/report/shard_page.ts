import type { ShardStats, StatsExample } from "../data/stats/shard_stats.ts";
import type { Bin, Spread } from "../data/stats/tally.ts";
import { escapeHtml } from "./escape_html.ts";
import { toBase64 } from "./to_base64.ts";

const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1f2328;--dim:#59636e;--line:#d1d9e0;--bar:#4c78a8;
  --tile:#f6f8fa}
@media(prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#f0f6fc;--dim:#9198a1;--line:#3d444d;
  --tile:#151b23}}
*{box-sizing:border-box;margin:0}
body{background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,sans-serif;padding:1rem;
  max-width:76rem;margin:0 auto}
h1{font-size:1.4rem;overflow-wrap:anywhere}h2{font-size:1.05rem;margin:1.5rem 0 .5rem}
p,small{color:var(--dim)}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.75rem;margin-top:1rem}
dt{color:var(--dim);font-size:.85rem}dd{margin:0;font-size:1.15rem;font-variant-numeric:tabular-nums}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(20rem,1fr));gap:0 2rem}
table{border-collapse:collapse;width:100%;font-size:.85rem;font-variant-numeric:tabular-nums}
th{font-weight:400;text-align:right;white-space:nowrap;padding:.1rem .6rem .1rem 0;color:var(--dim)}
td{padding:.1rem 0}td:last-child{text-align:right;padding-left:.6rem;white-space:nowrap}
td.bar{width:100%}td.bar i{display:block;height:.8rem;background:var(--bar);border-radius:2px;
  min-width:1px}
ol{display:grid;gap:.75rem;padding:0;list-style:none;
  grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr))}
ol li{border:1px solid var(--line);border-radius:8px;overflow:hidden;min-width:0}
ol img{display:block;width:100%;aspect-ratio:1;object-fit:contain;background:var(--tile)}
ol div{padding:.5rem .6rem;font-size:.85rem;overflow-wrap:anywhere}
li small{display:block;font-size:.75rem}
ul{padding-left:1.2rem;font-size:.85rem;overflow-wrap:anywhere}`;

/**
 * What shards hold as one HTML page that needs nothing else: counts, histograms, and pictures with their
 * captions. Every text of the data is escaped, and nothing on the page runs.
 *
 * @param title For example the pattern of the shards.
 */
export function shardPage(stats: ShardStats, title: string): string {
  const { duplicates, broken } = stats;
  const lost = broken.reduce((sum, { count }) => sum + count, 0);
  const facts: [name: string, value: string][] = [
    ["Samples", whole(stats.samples)],
    ["Shards", whole(stats.shards)],
    ["Size", bytes(stats.bytes)],
    ["Mean picture file", bytes(stats.pictureBytes.mean)],
    ["Shorter side, median", `${stats.shortSide.median} px`],
    ["Words in a caption, median", `${stats.words.median}`],
    ["Captions of a sample, mean", stats.captions.mean.toFixed(2)],
    ["Left out in training", whole(lost)],
    ["Same picture file again", whole(duplicates.pictures)],
    ["Same caption again", whole(duplicates.captions)],
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style></head>
<body>
<h1>${escapeHtml(title)}</h1>
<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("\n")}</dl>
<div class="charts">
${spread("Words in a caption", stats.words)}
${spread("Shorter side, pixels", stats.shortSide)}
${spread("Longer side, pixels", stats.longSide)}
${spread("Longer over shorter side", stats.aspect, (value) => (value / 100).toFixed(2))}
${spread("Picture files", stats.pictureBytes, bytes)}
${spread("Captions of a sample", stats.captions)}
${chart("Formats", Object.entries(stats.formats))}
${chart("Languages, roughly", Object.entries(stats.languages))}
${chart("Files of a sample", Object.entries(stats.files))}
</div>
${brokenList(stats)}
<h2>${stats.examples.length} samples, chosen by hash</h2>
<ol>
${stats.examples.map(example).join("\n")}
</ol>
</body></html>
`;
}

function spread(
  title: string,
  { bins, min, max, mean }: Spread,
  show: (value: number) => string = (value) => whole(value),
): string {
  const used = bins.filter(({ count }) => count > 0);
  const first = bins.indexOf(used[0]), last = bins.indexOf(used.at(-1)!);
  const name = ({ from, to }: Bin) =>
    to === null
      ? `${show(from)} and more`
      : to === from + 1
      ? show(from)
      : `${show(from)} up to ${show(to)}`;
  const rows = used.length === 0 ? [] : bins.slice(first, last + 1);
  const note = `${show(min)} to ${show(max)}, mean ${show(Math.round(mean * 10) / 10)}`;
  return chart(title, rows.map((bin) => [name(bin), bin.count]), note);
}

function chart(title: string, rows: readonly (readonly [string, number])[], note = ""): string {
  const most = Math.max(1, ...rows.map(([, count]) => count));
  const lines = rows.map(([name, count]) =>
    `<tr><th scope="row">${escapeHtml(name)}</th><td class="bar"><i style="width:${
      (100 * count / most).toFixed(1)
    }%"></i></td><td>${whole(count)}</td></tr>`
  );
  return `<section><h2>${escapeHtml(title)}</h2>${note === "" ? "" : `<small>${note}</small>`}` +
    `<table>${lines.join("\n")}</table></section>`;
}

function brokenList({ broken }: ShardStats): string {
  if (broken.length === 0) return "<h2>Left out</h2><p>Every sample is whole.</p>";
  const items = broken.map(({ reason, count, examples }) =>
    `<li>${whole(count)}: ${escapeHtml(reason)}<small>${escapeHtml(examples[0])}</small></li>`
  );
  return `<h2>Left out</h2><ul>${items.join("\n")}</ul>`;
}

function example({ key, captions, width, height, thumbnail }: StatsExample): string {
  const texts = captions.slice(0, 5).map((text) => `<div>${escapeHtml(text)}</div>`).join("");
  return `<li><img src="data:image/png;base64,${toBase64(thumbnail)}" alt="${
    escapeHtml(captions[0])
  }" loading="lazy">${texts}<div><small>${
    escapeHtml(key)
  }, ${width} × ${height}</small></div></li>`;
}

function whole(count: number): string {
  return count.toLocaleString("en");
}

function bytes(count: number): string {
  const unit = count < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(count) / 3));
  const value = count / 1000 ** unit;
  return `${unit === 0 ? Math.round(value) : value.toPrecision(3)} ${
    ["B", "kB", "MB", "GB", "TB"][unit]
  }`;
}
