import { figureText } from "../figures/figure_text.ts";
import { escapeHtml } from "../escape_html.ts";
import { plotlyScript } from "../notebook/figure_html.ts";
import { scriptJson } from "../script_json.ts";
import type { Collected, ReportedRun } from "./collect_runs.ts";
import type { PageFigure } from "./page_figures.ts";
import { PAGE_SCRIPT } from "./page_script.ts";
import { PAGE_STYLE } from "./page_style.ts";

/**
 * A report as one HTML page that needs nothing else: no network, no other file. All that comes from data
 * stands in it as text.
 */
export function reportPage(collected: Collected, figures: readonly PageFigure[]): string {
  const data = figures.map(({ id, wide, narrow }) => ({ id, wide, narrow }));
  return `<!doctype html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data: blob:; ` +
    `style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'">
<link rel="icon" href="data:,">
<title>CLIPA Kit report</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header><h1>CLIPA Kit report</h1><button id="theme" type="button">Light / dark</button></header>
<main>
<nav>${
      figures.map(({ id, title }) => `<a href="#${id}-title">${escapeHtml(title)}</a>`).join("\n")
    }</nav>
${problemList(collected.problems)}
<h2>Runs</h2>
${runTable(collected.runs)}
${figures.map(figureSection).join("\n")}
<footer>Fractions are shown in percent, ± one standard error. Click a name in a legend to hide its line.
</footer>
</main>
<script id="figures" type="application/json">${scriptJson(data)}</script>
${plotlyScript()}
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

function figureSection({ id, title, caption, wide }: PageFigure): string {
  const [, source = ""] = figureText(wide).split("\n");
  return `<section>
<h2 id="${id}-title">${escapeHtml(title)}</h2>
<p>${escapeHtml([source.trim(), caption].filter((part) => part !== "").join(". "))}</p>
<div class="figure" id="${id}" role="img" aria-label="${escapeHtml(title)}"></div>
<details><summary>The numbers</summary><pre>${escapeHtml(figureText(wide))}</pre></details>
</section>`;
}

function runTable(runs: readonly ReportedRun[]): string {
  if (runs.length === 0) {
    return `<p>No finished run was found. <code>deno task train</code> makes one.</p>`;
  }
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const rows = runs.flatMap(({ name, samples, seconds, scores }) => {
    const head = `<td>${escapeHtml(name)}</td><td class="number">${samples}</td>` +
      `<td class="number">${seconds.toFixed(0)}</td>`;
    if (scores.length === 0) return [`<tr>${head}<td colspan="4">not evaluated</td></tr>`];
    return scores.map(({ bench, top1, se, top5, n, classes }) =>
      `<tr>${head}<td>${escapeHtml(bench)}</td><td class="number">${percent(top1)} ± ${
        percent(se)
      }</td><td class="number">${percent(top5)}</td><td class="number">${
        percent(1 / classes)
      }, n ${n}</td></tr>`
    );
  });
  return `<div class="scroll"><table><thead><tr><th>run</th><th>pairs</th><th>seconds</th>` +
    `<th>benchmark</th><th>top-1</th><th>top-5</th><th>chance</th></tr></thead><tbody>${
      rows.join("\n")
    }</tbody></table></div>`;
}

function problemList(problems: readonly string[]): string {
  if (problems.length === 0) return "";
  return `<div class="problems"><p>Left out, because it could not be read:</p><ul>${
    problems.map((problem) => `<li>${escapeHtml(problem)}</li>`).join("")
  }</ul></div>`;
}
