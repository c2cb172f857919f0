import type { ParsedArguments } from "./command.ts";
import { UsageError } from "./usage_error.ts";

/** Which model a command uses. */
export interface ModelSource {
  kind: "run" | "model";
  /** Folder of the run or of the exported model. */
  dir: string;
}

/** What {@linkcode MODEL_OPTIONS} say. */
export interface ModelRequest {
  source: ModelSource;
  /** `cpu` or `cuda:<index>`; undefined takes CUDA where it loads. */
  device: string | undefined;
  /** Undefined takes ONNX Runtime where it loads. */
  engine: "ort" | "native" | undefined;
}

/** Options of every command that takes a model. */
export const MODEL_OPTIONS = {
  model: { kind: "value", value: "DIR", help: "Folder of an exported model" },
  run: { kind: "value", value: "DIR", help: "Folder of a run, for example runs/quick" },
  engine: {
    kind: "value",
    value: "NAME",
    help: "ort (ONNX Runtime) or native; none means ort where it loads",
  },
  device: {
    kind: "value",
    help: "cpu or cuda:<index>; none means CLIPA_DEVICE, else CUDA where it loads, else cpu",
  },
} as const;

/** Reads {@linkcode MODEL_OPTIONS}. @throws {UsageError} when there is not exactly one model. */
export function readModelOptions(
  args: ParsedArguments,
  env: (name: string) => string | undefined,
): ModelRequest {
  const model = args.value("model"), run = args.value("run");
  if ((model === undefined) === (run === undefined)) {
    const seen = model === undefined ? "neither --model nor --run" : "both --model and --run";
    throw new UsageError(`${seen} given; give one of them, for example --run runs/quick`);
  }
  const engine = args.value("engine");
  if (engine !== undefined && engine !== "ort" && engine !== "native") {
    throw new UsageError(`--engine: seen "${engine}"; allowed: ort, native`);
  }
  return {
    source: model === undefined ? { kind: "run", dir: run! } : { kind: "model", dir: model },
    device: args.value("device") ?? env("CLIPA_DEVICE"),
    engine,
  };
}
