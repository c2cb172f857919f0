import type { Command } from "./command.ts";
import { build } from "./commands/build.ts";
import { ok } from "./commands/ok.ts";
import { test } from "./commands/test.ts";

/** Every task, in the order of the README. */
export const COMMANDS: readonly Command[] = [build, test, ok];
