/** Errors that the project raises on purpose: their message says all that a user needs. */
const EXPECTED = ["UsageError", "SetupError", "RangeError", "TypeError", "SyntaxError"];

/** How the engine words a slip in the code; a `TypeError` of the project never reads like this. */
const ENGINE_WORDS =
  /^(?:Cannot (?:read|set|destructure)|.* is not (?:a function|iterable|defined))/;

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
 * One line that says what was seen and what to do next. The stack is added for errors that nobody
 * foresaw, and for all of them when `debug` is set.
 */
export function describeError(error: unknown, debug: boolean): string {
  if (!(error instanceof Error)) return String(error);
  const hint = SYSTEM_HINTS.find(([type]) => error instanceof type)?.[1] ??
    TEXT_HINTS.find(([pattern]) => pattern.test(error.message))?.[1];
  const message = hint === undefined ? error.message : `${error.message}; ${hint}`;
  const slip = ENGINE_WORDS.test(error.message);
  const foreseen = !slip && (hint !== undefined || EXPECTED.includes(error.name) || isOwn(error));
  const stack = debug || !foreseen ? `\n${error.stack ?? ""}` : "";
  return message + stack;
}

/** Errors of the project's own subclasses, such as `NativeError`. */
function isOwn(error: Error): boolean {
  return error.name !== "Error" && error.constructor.name === error.name &&
    !(error.constructor.name in globalThis);
}
