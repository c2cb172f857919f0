/**
 * CLIPA Kit: train, study and use CLIP models with few tokens.
 *
 * The module re-exports the public parts of every room, in the order in which data flows. The native
 * library is built by `deno task build`; everything else needs no set-up.
 *
 * @module
 */
export * from "./src/config/load_recipe.ts";
export * from "./src/config/model_spec.ts";
export * from "./src/config/presets.ts";
export * from "./src/config/recipe.ts";
export * from "./src/config/stage_recipe.ts";
export * from "./src/native/context.ts";
export * from "./src/native/library.ts";
export * from "./src/native/native_error.ts";
export * from "./src/tensor/fixed_tensor.ts";
export * from "./src/tensor/ops/activation.ts";
export * from "./src/tensor/ops/attention.ts";
export * from "./src/tensor/ops/contrastive.ts";
export * from "./src/tensor/ops/elementwise.ts";
export * from "./src/tensor/ops/embedding.ts";
export * from "./src/tensor/ops/l2_normalize.ts";
export * from "./src/tensor/ops/layer_norm.ts";
export * from "./src/tensor/ops/linear.ts";
export * from "./src/tensor/ops/optimizer.ts";
export * from "./src/tensor/ops/patches.ts";
export * from "./src/tensor/ops/pool.ts";
export * from "./src/tensor/parameter_store.ts";
export * from "./src/tensor/program.ts";
export * from "./src/tensor/tape.ts";
export * from "./src/tensor/tensor.ts";
export * from "./src/data/icons/build_icons.ts";
export * from "./src/data/icons/icon_set.ts";
export * from "./src/data/images/resize_image.ts";
export * from "./src/data/loader/caption_tokens.ts";
export * from "./src/data/loader/pair_loader.ts";
export * from "./src/data/loader/sample_order.ts";
export * from "./src/data/records/record_writer.ts";
export * from "./src/data/records/records.ts";
export * from "./src/text/bpe.ts";
export * from "./src/text/encode_texts.ts";
export * from "./src/text/tokenizer.ts";
export * from "./src/text/tokenizer_file.ts";
export * from "./src/text/train_bpe.ts";
export * from "./src/tokens/token_budget.ts";
export * from "./src/model/clip_model.ts";
export * from "./src/model/embedder.ts";
export * from "./src/model/model_cost.ts";
export * from "./src/model/model_shape.ts";
export * from "./src/model/position_table.ts";
export * from "./src/model/residual_block.ts";
export * from "./src/model/resize_positions.ts";
export * from "./src/model/transfer_weights.ts";
export * from "./src/checkpoint/checkpoint_store.ts";
export * from "./src/checkpoint/safetensors.ts";
export * from "./src/train/schedule.ts";
export * from "./src/train/step_block.ts";
export * from "./src/train/train_stage.ts";
export * from "./src/train/train_step.ts";
export * from "./src/eval/bench.ts";
export * from "./src/eval/eval_model.ts";
export * from "./src/eval/eval_result.ts";
export * from "./src/eval/evaluate.ts";
export * from "./src/eval/load_bench.ts";
export * from "./src/eval/retrieval.ts";
export * from "./src/eval/search/search_index.ts";
export * from "./src/eval/search/write_index.ts";
export * from "./src/eval/zero_shot.ts";
export * from "./src/run/evaluate_run.ts";
export * from "./src/run/open_run.ts";
export * from "./src/run/predict_icons.ts";
export * from "./src/run/run_experiment.ts";
export * from "./src/report/figures/change_against_kept.ts";
export * from "./src/report/figures/change_against_size.ts";
export * from "./src/report/figures/change_against_tokens.ts";
export * from "./src/report/figures/figure.ts";
export * from "./src/report/figures/figure_text.ts";
export * from "./src/report/figures/law_table.ts";
export * from "./src/report/figures/panel_figure.ts";
export * from "./src/report/figures/score_against_compute.ts";
export * from "./src/report/figures/score_against_tokens_seen.ts";
export * from "./src/report/figures/series.ts";
export * from "./src/report/figures/training_curve.ts";
export * from "./src/report/prediction_sheet.ts";
export * from "./src/report/static/figure_png.ts";
