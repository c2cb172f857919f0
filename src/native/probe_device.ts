/**
 * Says whether a device can be used: exits with 0, or prints why it cannot and exits with 1. A program
 * of its own, because a process loads one native library.
 *
 * @module
 */
import { NativeContext } from "./context.ts";

if (import.meta.main) {
  Deno.env.set("CLIPA_DEVICE", Deno.args[0] ?? "cpu");
  try {
    using _context = new NativeContext({ threads: 1 });
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
