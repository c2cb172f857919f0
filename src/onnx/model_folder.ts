import { CARD_FILE } from "./model_card.ts";

/**
 * Makes a model's folder whole or not at all: `fill` writes to a folder beside it, which then takes the
 * place of an older model. Whatever else stands there is not touched.
 *
 * @throws {Error} when the place is taken by something that is no model, or cannot be written.
 */
export async function writeModelFolder<T>(
  out: string,
  fill: (dir: string) => Promise<T>,
): Promise<T> {
  const target = out.replace(/(?<=.)\/+$/, "");
  const old = checkPlace(target);
  const part = `${target}.${Deno.pid}.part`;
  try {
    Deno.mkdirSync(part, { recursive: true });
  } catch (cause) {
    throw cannotWrite(target, cause);
  }
  try {
    const result = await fill(part);
    place(part, target, old);
    return result;
  } catch (error) {
    Deno.removeSync(part, { recursive: true });
    throw error;
  }
}

/** Whether a folder is there already, empty or with a model. */
function checkPlace(target: string): boolean {
  let entries: string[];
  try {
    entries = [...Deno.readDirSync(target)].map(({ name }) => name);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    if (isFile(target)) throw taken(target, "a file");
    throw cannotWrite(target, cause);
  }
  if (entries.length > 0 && !entries.includes(CARD_FILE)) {
    throw taken(target, `a folder with ${entries.slice(0, 3).join(", ")}`);
  }
  return true;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function place(part: string, target: string, old: boolean): void {
  const aside = `${part}.old`;
  try {
    if (old) Deno.renameSync(target, aside);
    try {
      Deno.renameSync(part, target);
    } catch (cause) {
      if (old) Deno.renameSync(aside, target);
      throw cause;
    }
  } catch (cause) {
    throw cannotWrite(target, cause);
  }
  if (old) Deno.removeSync(aside, { recursive: true });
}

function taken(target: string, seen: string): Error {
  return new Error(
    `${target}: seen ${seen}; allowed: a new folder, an empty one, or one with a model ` +
      `(${CARD_FILE}) that is replaced; name another folder with --out`,
  );
}

function cannotWrite(target: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`${target} cannot be written (${reason}); name another folder with --out`, {
    cause,
  });
}
