/** A pinned file of a package index. */
export interface Wheel {
  readonly name: string;
  readonly version: string;
  readonly bytes: number;
  /** Of the wheel for x86-64 Linux, hexadecimal. */
  readonly sha256: string;
  /** The members that are unpacked, and their names in the folder; all of it when absent. */
  readonly members?: Readonly<Record<string, string>>;
}

/** Version of the compiler that the wheels hold. */
export const CUDA_TOOLKIT = "13.5.37";

/** What compiling and linking the CUDA library takes: compiler, headers, runtime and cuBLASLt. */
export const CUDA_WHEELS: readonly Wheel[] = [
  {
    name: "nvidia-cuda-nvcc",
    version: "13.5.37",
    bytes: 47028279,
    sha256: "f5c4f7ead5d964fb4af42bbf1e6d3ec3c1e6e9d83b53749f691d387e7fcaa3a7",
  },
  {
    name: "nvidia-nvvm",
    version: "13.5.37",
    bytes: 75141406,
    sha256: "c41bfa362e407405163f103c2229f0765f8cc2ed7d148b754dc77f228bf7e070",
  },
  {
    name: "nvidia-cuda-crt",
    version: "13.5.37",
    bytes: 166163,
    sha256: "e898b7f73d3035fa89915a3f7bf3b54a73e90249746111aed295822c4729bb29",
  },
  {
    name: "nvidia-cuda-runtime",
    version: "13.5.37",
    bytes: 2504024,
    sha256: "df2b79a8852f10d1fef8c848489c49eebb5754051bf870202a862831412b179d",
  },
  {
    name: "nvidia-cuda-cccl",
    version: "13.3.5.0.6",
    bytes: 4113651,
    sha256: "d5230098fa2df5021e1a00c0c4eee41797671a91119d31e892463e5ccf3ee326",
  },
  {
    name: "nvidia-cublas",
    version: "13.10.0.20",
    bytes: 444289903,
    sha256: "dcc6d63884c53d07e267ce7e6feac17b2538cebaafec5db865736c3e28e4dc84",
  },
];

/** NCCL for CUDA 13: its header for the build, its library for ranks on GPUs. */
export const NCCL_WHEEL: Wheel = {
  name: "nvidia-nccl-cu13",
  version: "2.32.3",
  bytes: 305100071,
  sha256: "1459723080ac889d73a26edfa3e04383a7928ab31ac8f0ec43b3ea9548b04ff3",
};

/** ONNX Runtime with its CUDA provider; any of the wheel's Python versions has the same parts in C. */
export const ORT_WHEEL: Wheel = {
  name: "onnxruntime-gpu",
  version: "1.30.0",
  bytes: 246658419,
  sha256: "4fbf0c5d7b5fb99266c2e8a802e3e64af68bdc383e0f3c7349b985f1087eedaa",
  members: {
    "onnxruntime/capi/libonnxruntime_providers_shared.so": "libonnxruntime_providers_shared.so",
    "onnxruntime/capi/libonnxruntime_providers_cuda.so": "libonnxruntime_providers_cuda.so",
    "onnxruntime/capi/libonnxruntime.so.1.30.0": "libonnxruntime.so.1",
    "onnxruntime/LICENSE": "LICENSE",
    "onnxruntime/ThirdPartyNotices.txt": "ThirdPartyNotices.txt",
  },
};

/** What ONNX Runtime's CUDA provider needs besides the toolkit above. */
export const CURAND_WHEEL: Wheel = {
  name: "nvidia-curand",
  version: "10.4.5.25",
  bytes: 77113015,
  sha256: "22bb226a857e5888fe6b54ae465fc4371296bcff13a35f79e19691bcf454f529",
  members: { "nvidia/cu13/lib/libcurand.so.10": "libcurand.so.10" },
};
