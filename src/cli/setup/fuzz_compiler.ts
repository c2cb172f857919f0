import { SetupError } from "./report.ts";
import { fileExists } from "./file_exists.ts";
import { runCommand } from "./run_command.ts";

/** Names under which distributions install Clang, the newest first behind the plain one. */
const NAMES = [
  "clang++",
  ...Array.from({ length: 10 }, (_, i) => `clang++-${23 - i}`),
];

/**
 * A Clang that has libFuzzer beside it.
 *
 * @throws {SetupError} when there is none; names the packages.
 */
export async function fuzzCompiler(): Promise<string> {
  for (const name of NAMES) {
    const { code, output } = await runCommand(name, ["-print-runtime-dir"]);
    const folder = output.trim();
    if (code !== 0 || folder === "") continue;
    const parts = ["libclang_rt.fuzzer", "libclang_rt.asan"].map((part) =>
      ["x86_64", "aarch64"].map((cpu) => `${folder}/${part}-${cpu}.a`).concat(`${folder}/${part}.a`)
    );
    if (parts.every((places) => places.some(fileExists))) return name;
  }
  throw new SetupError(
    "no Clang with libFuzzer and the address sanitizer was found; on Debian: apt-get install clang-14 " +
      "libclang-rt-14-dev (or another version of both)",
  );
}
