import { cudaOrtLibrary } from "../../config/cuda_ort.ts";
import type { Command } from "../command.ts";
import { formatUsage, readUsage } from "../kernel_usage.ts";

/** `deno task build:cuda`: the launcher has built the library by now; this says what it is made of. */
export const buildCuda: Command = {
  name: "build:cuda",
  summary: "Build the CUDA library, with a pinned toolkit where none is installed",
  options: {
    ort: { kind: "flag", help: "Also fetch ONNX Runtime's CUDA provider (324 MB, pinned)" },
    usage: { kind: "flag", help: "Show registers, stack and spills of every kernel" },
  },
  run(context) {
    const folder = `${context.root}/build/cuda`;
    const library = `${folder}/libclipa_cuda.so`;
    const ort = cudaOrtLibrary((name) => Deno.env.get(name));
    const { size } = Deno.statSync(library);
    const kernels = readUsage(folder);
    const spilling = kernels.filter((kernel) => kernel.spillBytes > 0).length;
    return Promise.resolve({
      json: { library, ort, bytes: size, kernels: kernels.length, spilling },
      text: context.arguments.flag("usage") ? formatUsage(kernels) : library,
    });
  },
};
