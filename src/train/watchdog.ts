/** Passes a promise on; says so while it takes unusually long. */
export type Watch = <T>(what: "data" | "step", work: Promise<T>) => Promise<T>;

/** What is waited for, in the words of a message. */
const NAMES = {
  data: "the loader has brought no batch",
  step: "the training step has not ended",
} as const;

/** What to look at. */
const ADVICE = {
  data: "look at the disk of the data set, and run deno task doctor",
  step: "look for other work on this machine, and run deno task doctor",
} as const;

/** Settings of {@linkcode watchdog}. */
export interface WatchdogOptions {
  /** Waiting time of the first message; those after it come at twice the time of the one before. */
  readonly warnSeconds?: number;
  /** Waiting time for data after which the wait ends with an error; a step is never given up. */
  readonly giveUpSeconds?: number;
}

/**
 * A watch over the stages of the training loop: when one is waited for unusually long, it names it; a
 * loader that brings nothing for ten minutes ends the run instead of standing for ever.
 *
 * @param say Gets a sentence.
 */
export function watchdog(say: (text: string) => void, options: WatchdogOptions = {}): Watch {
  const { warnSeconds = 60, giveUpSeconds = 600 } = options;
  return async (what, work) => {
    const started = performance.now();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last: ReturnType<typeof setTimeout> | undefined;
    const warn = (seconds: number) => {
      const waited = Math.round((performance.now() - started) / 1000);
      say(`${NAMES[what]} for ${waited} s; ${ADVICE[what]}`);
      timer = setTimeout(() => warn(2 * seconds), 1000 * seconds);
    };
    timer = setTimeout(() => warn(warnSeconds), 1000 * warnSeconds);
    try {
      if (what === "step") return await work;
      const givenUp = new Promise<never>((_, reject) => {
        last = setTimeout(
          () =>
            reject(
              new Error(
                `${NAMES.data} for ${giveUpSeconds} s; ${ADVICE.data}; then run the same command ` +
                  "again to go on",
              ),
            ),
          1000 * giveUpSeconds,
        );
      });
      return await Promise.race([work, givenUp]);
    } finally {
      clearTimeout(timer);
      clearTimeout(last);
    }
  };
}
