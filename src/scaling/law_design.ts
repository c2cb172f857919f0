/**
 * Design and analysis of our own reproduction, stated before it was run: the first page of the notebook.
 * Markdown; the numbers in it are those of the sweep `law`, which a test compares.
 */
export const LAW_DESIGN: string = `
# An inverse scaling law at laptop scale: design

*Written before the first cell was run. Results are appended by \`deno task sweep law\` and never edited.*

**Question.** Paper 1 finds that the larger the encoders, the fewer image tokens they need in
pre-training. Does accuracy drop less for a larger tower when pre-training sees 16, 9 or 4 patches
instead of 36, and is resizing the best way to get there?

**Towers.** Widths 48, 96 and 192: block parameters as 1 : 4 : 16. Four image layers, two text layers of
the same width, patch 8. The peak learning rate is chosen for each width at full length only (sweep
\`pilot\`, held-out loss on the validation families) and then the same at all lengths.

**Cells.** Full length is 48 px = 36 patches. Every cell trains 416,000 pairs at its own length, then
tunes 64,000 pairs at full length; the cell at 36 patches trains all of them at full length, so all
cells see the same pairs. A seed decides weights, order, crops and masks, and is paired across lengths.

| towers | image tokens | seeds |
| --- | --- | --- |
| small, large | 36; 4 by resize | 4 |
| middle | 36; 4 by resize | 2 |
| small, large | 16 and 9 by resize; 9 by random, grid and block mask | 2 |

40 cells, three to six CPU-hours; linear layers multiply bfloat16. At 9 of 36 patches (75 % masked) all four strategies are defined.

**Primary measure.** The change of logit(top-1) on \`icons-100\`, the hundred classes of icons-592 with most
test pictures, against the same tower and seed at 36 patches. Logits, because a weak tower cannot lose
many points: a drop from 12 % to 6 % is as bad as one from 80 % to 66 %. Beside it: points, the
contrastive loss on held-out pairs (\`heldout-loss\`), recall at 1 among 256 (\`retrieval-256\`), and the drops
on icons-592, retrieval and shift benchmarks.

**Conclusion.** drop(small) - drop(large) at 4 tokens, resize, as the mean over four paired seeds with a
95 % interval. Seed variance is pooled over towers and lengths; the noise of the pictures comes from a
bootstrap over classes. The law holds at this scale if the interval lies above 0. If it does not, "not
seen at this scale" is the result. No cell is added or dropped after looking at the rows.

**Beside the conclusion**, with intervals but without a claim of their own: order of the strategies at 9;
the curve 36, 16, 9, 4; accuracy at equal compute, where a larger tower with fewer tokens meets a
smaller one at full length; text tokens (sweep \`text-law\`); masks during tuning (sweep \`tuning-masks\`).

**What this cannot show.** Icons with their names are not photographs with captions, the largest tower has
3 million parameters, and chance on a hundred classes is 1 %.
`.trim();
