import { fileExists } from "../setup/file_exists.ts";
import type { Command, CommandContext } from "../command.ts";
import { runChild } from "../run_child.ts";
import { ALL_TESTS, runTests } from "./test_command.ts";

/** `deno task ok`: everything that must hold before a change is proposed. */
export const ok: Command = {
  name: "ok",
  summary: "Check format, lint, types, C++ format, tests and documentation examples",
  options: {},
  async run(context) {
    const results: Record<string, boolean> = {};
    for (const [name, check] of Object.entries(CHECKS)) {
      console.error(`ok  ${name}`);
      results[name] = await check(context);
      if (!results[name]) console.error(`ok  ${name} FAILED`);
    }
    const failed = Object.keys(results).filter((name) => !results[name]);
    return {
      code: failed.length === 0 ? 0 : 1,
      json: { checks: results, failed },
      text: failed.length === 0 ? "ok" : `failed: ${failed.join(", ")}`,
    };
  },
};

/** The checks in order: the quick ones first. Import direction and file length are tests. */
const CHECKS: Record<string, (context: CommandContext) => Promise<boolean>> = {
  "fmt": (context) => runDeno(context, ["fmt", "--check"]),
  "clang-format": runClangFormat,
  "lint": (context) => runDeno(context, ["lint"]),
  "types": (context) => runDeno(context, ["check", ...sources(context.root)]),
  "structure": (context) => runSuite(context, ["tests/structure/"]),
  "tests": (context) => runSuite(context, ALL_TESTS),
  "examples": (context) => runDeno(context, ["test", "-A", "--doc", ...sources(context.root)]),
};

function sources(root: string): string[] {
  return ["mod.ts", "src/"].filter((path) => fileExists(`${root}/${path}`));
}

async function runDeno(context: CommandContext, args: string[]): Promise<boolean> {
  const config = context.env("CLIPA_DENO_CONFIG") ?? `${context.root}/deno.json`;
  const [subcommand, ...rest] = args;
  const code = await runChild(Deno.execPath(), [subcommand, "--config", config, ...rest], {
    cwd: context.root,
    signal: context.signal,
  });
  return code === 0;
}

async function runSuite(context: CommandContext, args: string[]): Promise<boolean> {
  const { passed, failed } = await runTests(context, args);
  console.error(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0;
}

async function runClangFormat(context: CommandContext): Promise<boolean> {
  const files = [...walkNative(`${context.root}/kernels`)];
  const code = await runChild("clang-format", ["--dry-run", "--Werror", ...files], {
    cwd: context.root,
    signal: context.signal,
  });
  return files.length > 0 && code === 0;
}

function* walkNative(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* walkNative(path);
    else if (/\.(?:c|cc|cu|cuh|h|hpp)$/.test(entry.name)) yield path;
  }
}
