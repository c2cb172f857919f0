import { type Bundle, flush, notebookKernel } from "./kernel.ts";

/** An output that is exchanged while a cell works; the saved notebook holds its last state. */
export interface LiveOutput {
  /** Shows another state. Without `last` it is dropped when the one before is young. */
  update(bundle: Bundle, last?: boolean): Promise<void>;
}

/**
 * Opens an output that can be exchanged.
 *
 * @param everyMs States that come sooner after the one before are dropped: a front end draws each one.
 */
export function liveOutput(everyMs: number): LiveOutput {
  const id = crypto.randomUUID();
  let shownMs = -Infinity;
  let first = true;
  return {
    async update(data, last = false) {
      const kernel = notebookKernel();
      const nowMs = performance.now();
      if (kernel === null || (!last && nowMs - shownMs < everyMs)) return;
      shownMs = nowMs;
      const type = first ? "display_data" : "update_display_data";
      first = false;
      await kernel.broadcast(type, { data, metadata: {}, transient: { display_id: id } });
      if (last) await flush();
    },
  };
}
