import { escapeHtml } from "./escape_html.ts";

/** One find to be shown. */
export interface PageHit {
  readonly rank: number;
  readonly name: string;
  /** Designer family; null for a name without a picture. */
  readonly family: string | null;
  /** Cosine. */
  readonly score: number;
  readonly key: string | null;
  /** PNG bytes; null for a name without a picture. */
  readonly png: Uint8Array | null;
}

/** What a page of finds shows. */
export interface SearchPage {
  readonly query: string;
  /** PNG bytes of the picture that was looked for; null for words. */
  readonly picture: Uint8Array | null;
  readonly hits: readonly PageHit[];
  /** How it was found, for example "quick, 299,052 pictures, 3.1 ms". */
  readonly note: string;
}

/** Everything is below this class, so that a notebook's own styles stay as they are. */
const STYLE = `
.clipa-search{--paper:#fff;--ink:#1f2328;--dim:#59636e;--line:#d1d9e0;--tile:#fff;
  color:var(--ink);background:var(--paper);font:15px/1.4 system-ui,sans-serif;padding:1rem}
@media(prefers-color-scheme:dark){.clipa-search{--paper:#0d1117;--ink:#f0f6fc;--dim:#9198a1;
  --line:#3d444d}}
.clipa-search *{box-sizing:border-box;margin:0}
.clipa-search header{display:flex;gap:1rem;align-items:center;margin-bottom:1rem}
.clipa-search header img{width:64px;height:64px;background:var(--tile);border-radius:6px}
.clipa-search h1{font-size:1.35rem;overflow-wrap:anywhere}
.clipa-search p{color:var(--dim);font-size:.85rem}
.clipa-search ol{display:grid;gap:.75rem;padding:0;list-style:none;
  grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr))}
.clipa-search li{border:1px solid var(--line);border-radius:8px;overflow:hidden;min-width:0}
.clipa-search figure{display:flex;flex-direction:column;height:100%}
.clipa-search li img{width:100%;aspect-ratio:1;object-fit:contain;background:var(--tile);
  padding:12%}
.clipa-search figcaption{display:flex;flex-direction:column;justify-content:space-between;flex:1;
  padding:.5rem .6rem .6rem;border-top:1px solid var(--line)}
.clipa-search b{display:block;font-weight:600;overflow-wrap:anywhere}
.clipa-search small{display:flex;justify-content:space-between;gap:.5rem;color:var(--dim);
  font-size:.78rem;font-variant-numeric:tabular-nums}
.clipa-search small span{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.clipa-search small span:last-child{flex:none}`;

/**
 * A list of finds as a piece of HTML with its own style: for a notebook, or inside a page. Pictures
 * are data URIs and every text of the data is escaped, so nothing is loaded and nothing runs.
 */
export function searchFragment({ query, picture, hits, note }: SearchPage): string {
  const image = (png: Uint8Array, alt: string) =>
    `<img src="data:image/png;base64,${png.toBase64()}" alt="${escapeHtml(alt)}" loading="lazy">`;
  const items = hits.map(({ rank, name, family, score, key, png }) => {
    const title = key === null ? "" : ` title="${escapeHtml(key)}"`;
    const from = family === null ? "" : `<span>${escapeHtml(family)}</span>`;
    return `<li${title}><figure>${png === null ? "" : image(png, name)}` +
      `<figcaption><b>${escapeHtml(name)}</b><small>${from}<span>${rank} · ${
        score.toFixed(3)
      }</span></small></figcaption></figure></li>`;
  });
  return `<section class="clipa-search"><style>${STYLE}</style>` +
    `<header>${picture === null ? "" : image(picture, "the picture that was looked for")}` +
    `<div><h1>${escapeHtml(query)}</h1><p>${escapeHtml(note)}</p></div></header>\n` +
    `<ol>\n${items.join("\n")}\n</ol></section>\n`;
}

/** A whole HTML page of finds, in one file, for light and dark screens of any width. */
export function searchPage(page: SearchPage): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(page.query)}</title>
<style>body{margin:0}@media(prefers-color-scheme:dark){body{background:#0d1117}}
.clipa-search{max-width:72rem;margin:0 auto}</style></head>
<body>
${searchFragment(page)}</body></html>
`;
}
