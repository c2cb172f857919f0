/** How the engine words a slip in the code; an error that the project raises never reads like this. */
const ENGINE_WORDS =
  /^(?:Cannot (?:read|set|destructure|access)|Invalid array|Maximum call stack|.* is not (?:a function|a constructor|iterable|defined))/;

/** What a system error means for the user, by the class that Deno raises. */
const SYSTEM_HINTS: [new (...args: never[]) => Error, string][] = [
  [Deno.errors.PermissionDenied, "choose a folder that this user may write"],
  [Deno.errors.NotFound, "check the path"],
];

/** The operating system's words for a full disk and a read-only file system. */
const TEXT_HINTS: [RegExp, string][] = [
  [/no space left|ENOSPC|os error 28/i, "the disk is full; free some space and run it again"],
  [/read-only file system|EROFS|os error 30/i, "choose a folder that can be written"],
];

/**
 * What a user reads about an error: its message, with a hint for the system's own errors. The stack
 * is added when the error is a slip in the code, and for every error when `debug` is set.
 */
export function describeError(error: unknown, debug: boolean): string {
  if (!(error instanceof Error)) return String(error);
  const hint = SYSTEM_HINTS.find(([type]) => error instanceof type)?.[1] ??
    TEXT_HINTS.find(([pattern]) => pattern.test(error.message))?.[1];
  const message = hint === undefined ? error.message : `${error.message}; ${hint}`;
  return debug || ENGINE_WORDS.test(error.message) ? `${message}\n${error.stack ?? ""}` : message;
}
