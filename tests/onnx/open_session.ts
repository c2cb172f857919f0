/**
 * Opens a session with the provider of the first argument and one fused node, runs it, and prints the
 * provider's note; or prints the error and exits with 1. A program of its own, because a process has
 * one native library and one ONNX Runtime.
 *
 * @module
 */
import { OrtSession } from "../../src/onnx/ort_session.ts";
import { customOpModel, floats } from "./run_custom_op.ts";

if (import.meta.main) {
  const qkv = floats("qkv", [1, 3, 12]);
  const { model } = customOpModel("ShortAttention", { qkv }, { attributes: { heads: 2 } });
  try {
    const provider = Deno.args[0] as "auto" | "cpu" | "cuda";
    using session = await OrtSession.open(model, { threads: 1, provider });
    const { out } = await session.run({ qkv });
    console.log(`${session.providerNote}; ${out.data.length} values`);
  } catch (error) {
    console.log(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
