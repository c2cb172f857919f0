import { workerScope } from "../../../src/config/worker_scope.ts";
import type { WatchOrder } from "./stuck_watch.ts";

const HEAD_BYTES = 16;

workerScope<WatchOrder, never>().onmessage = ({ data: { shared, seconds } }) => {
  const words = new Int32Array(shared, 0, HEAD_BYTES / 4);
  let last = 0, since = performance.now();
  setInterval(() => {
    const now = Atomics.load(words, 0);
    if (now !== last || now === 0) {
      last = now;
      since = performance.now();
      return;
    }
    if (performance.now() - since < 1000 * seconds) return;
    const [, name, length] = words;
    const bytes = new Uint8Array(shared, HEAD_BYTES, name + length).slice();
    const target = new TextDecoder().decode(bytes.subarray(0, name));
    console.error(
      `error: ${target} is still reading one input after ${seconds} s:\n${
        bytes.subarray(name).toBase64()
      }`,
    );
    // The main thread no longer listens to anything softer.
    Deno.kill(Deno.pid, "SIGKILL");
  }, 250);
};
