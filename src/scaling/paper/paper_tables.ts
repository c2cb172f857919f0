import { freezeDeep } from "../../config/plain_object.ts";
import { checkTable } from "./check_table.ts";
import type { Misprint, PaperTables } from "./paper_types.ts";
import * as schemas from "./table_schemas.ts";
import figure5 from "./tables/figure5_stated_drops.json" with { type: "json" };
import figure8 from "./tables/figure8_accuracy_compute.json" with { type: "json" };
import misprints from "./tables/misprints.json" with { type: "json" };
import readmeG14 from "./tables/readme_g14.json" with { type: "json" };
import table1 from "./tables/table1_limited_resources.json" with { type: "json" };
import table2 from "./tables/table2_at_scale.json" with { type: "json" };
import table3 from "./tables/table3_vtab.json" with { type: "json" };
import table4 from "./tables/table4_model_sizes.json" with { type: "json" };
import table6 from "./tables/table6_tuning_batch.json" with { type: "json" };
import table7 from "./tables/table7_training_details.json" with { type: "json" };
import table8 from "./tables/table8_scaling_up.json" with { type: "json" };
import table9 from "./tables/table9_tuning_masks.json" with { type: "json" };
import table10 from "./tables/table10_tuning_schedule.json" with { type: "json" };
import table11 from "./tables/table11_image_tokens.json" with { type: "json" };
import table12 from "./tables/table12_text_tokens.json" with { type: "json" };
import table13 from "./tables/table13_convnext.json" with { type: "json" };
import table14 from "./tables/table14_aro.json" with { type: "json" };
import table15 from "./tables/table15_text_tokens_transfer.json" with { type: "json" };
import v2Figure2 from "./tables/v2_figure2_tuning_masks.json" with { type: "json" };
import v2Table4 from "./tables/v2_table4_main_results.json" with { type: "json" };

/**
 * The tables and figures of both papers as data, checked when this module is loaded and frozen.
 * Scores are percent as printed; every run is a single one, without seeds or error bars. Misprints
 * are put right, and {@linkcode PAPER_MISPRINTS} lists each of them.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { PAPER_TABLES } from "./paper_tables.ts";
 *
 * const [baseline] = PAPER_TABLES.imageTokens.rows;
 * assert.equal(baseline.scores["L/16"].ft, 69.2);
 * ```
 */
export const PAPER_TABLES: PaperTables = freezeDeep({
  limitedResources: checkTable("table 1", schemas.runTable, table1),
  atScale: checkTable("table 2", schemas.runTable, table2),
  vtab: checkTable("table 3", schemas.plainTable, table3),
  modelSizes: checkTable("table 4", schemas.plainTable, table4),
  tuningBatch: checkTable("table 6", schemas.plainTable, table6),
  trainingDetails: checkTable("table 7", schemas.plainTable, table7),
  scalingUp: checkTable("table 8", schemas.plainTable, table8),
  tuningMasks: checkTable("table 9", schemas.plainTable, table9),
  tuningSchedule: checkTable("table 10", schemas.plainTable, table10),
  imageTokens: checkTable("table 11", schemas.imageTokenTable, table11),
  textTokens: checkTable("table 12", schemas.textTokenTable, table12),
  convnext: checkTable("table 13", schemas.convnextTable, table13),
  aro: checkTable("table 14", schemas.plainTable, table14),
  transfer: checkTable("table 15", schemas.transferTable, table15),
  statedRetrievalDrops: checkTable("figure 5", schemas.plainTable, figure5),
  compute: checkTable("figure 8", schemas.computeFigure, figure8),
  v2TuningMasks: checkTable("paper 2, figure 2", schemas.tuningMaskFigure, v2Figure2),
  v2Results: checkTable("paper 2, table 4", schemas.runTable, v2Table4),
  readmeG14: checkTable("README, G/14", schemas.runTable, readmeG14),
});

/** What is printed wrong in the papers, and what is used instead. */
export const PAPER_MISPRINTS: readonly Misprint[] = freezeDeep(
  checkTable("misprints", schemas.misprintTable, misprints),
).rows;
