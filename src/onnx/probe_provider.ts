/**
 * Says whether ONNX Runtime computes one of our ops on a device: exits with 0, or prints why it does not
 * and exits with 1. A program of its own, because a process has one native library.
 *
 * @module
 */
import { parseDevice } from "../native/device.ts";
import { CUSTOM_OP_DOMAIN, CUSTOM_OP_VERSION } from "./custom_ops.ts";
import { IR_VERSION, OPSET } from "./graph/graph_builder.ts";
import { onnxBytes } from "./graph/onnx_message.ts";
import { OrtSession } from "./ort_session.ts";

/** Attention of one token: what comes out is its value. */
const attention = () =>
  onnxBytes({
    name: "probe",
    irVersion: IR_VERSION,
    domains: { "": OPSET, [CUSTOM_OP_DOMAIN]: CUSTOM_OP_VERSION },
    nodes: [{
      type: "ShortAttention",
      domain: CUSTOM_OP_DOMAIN,
      name: "attention",
      inputs: ["qkv"],
      outputs: ["y"],
      attributes: { heads: 1 },
    }],
    tensors: [],
    inputs: [{ name: "qkv", type: "float32", shape: [1, 1, 3] }],
    outputs: [{ name: "y", type: "float32", shape: [1, 1, 1] }],
    metadata: {},
  });

if (import.meta.main) {
  const device = Deno.args[0] ?? "cpu";
  Deno.env.set("CLIPA_DEVICE", device);
  try {
    using session = await OrtSession.open(attention(), {
      provider: parseDevice(device).kind,
      threads: 1,
    });
    const qkv = { data: new Float32Array([1, 2, 3]), shape: [1, 1, 3] };
    const { y } = await session.run({ qkv });
    if (y.data[0] !== 3) throw new Error(`attention of one token gives ${y.data[0]}, not 3`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
