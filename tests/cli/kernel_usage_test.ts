import assert from "node:assert/strict";
import { formatUsage, parseUsage } from "../../src/cli/kernel_usage.ts";

const REPORT = `ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '_ZN5clipa14forward_kernelILi2EEEvPKf' for 'sm_80'
ptxas info    : Function properties for _ZN5clipa14forward_kernelILi2EEEvPKf
    16 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 96 registers, used 1 barriers, 372 bytes cmem[0]
ptxas info    : Compiling entry function '_ZN5clipa11rows_kernelEv' for 'sm_90'
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 30 registers, used 0 barriers
`;

Deno.test("parseUsage reads registers, stack and spills of every kernel when ptxas reports them", () => {
  assert.deepEqual(parseUsage("attention", REPORT), [
    {
      file: "attention",
      kernel: "_ZN5clipa14forward_kernelILi2EEEvPKf",
      architecture: "sm_80",
      registers: 96,
      stackBytes: 16,
      spillBytes: 20,
    },
    {
      file: "attention",
      kernel: "_ZN5clipa11rows_kernelEv",
      architecture: "sm_90",
      registers: 30,
      stackBytes: 0,
      spillBytes: 0,
    },
  ]);
});

Deno.test("formatUsage lists what spills first when there is such a kernel", () => {
  const [head, first] = formatUsage(parseUsage("attention", REPORT).reverse()).split("\n");
  assert.match(head, /arch.*registers.*stack.*spill.*kernel/);
  assert.match(first, /sm_80 +96 +16 +20 {2}attention forward_kernel <2>/);
});
