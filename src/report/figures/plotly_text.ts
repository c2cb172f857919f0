/**
 * Text from data for a place in which Plotly reads its few HTML tags: names of runs and captions must
 * stand there letter by letter.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { plotlyText } from "./plotly_text.ts";
 *
 * assert.equal(plotlyText("<b>a & b"), "&lt;b&gt;a &amp; b");
 * ```
 */
export function plotlyText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
