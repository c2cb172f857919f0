/** Name of the lock's file in a run's folder. */
export const LOCK_FILE = "lock";

/** Who holds a lock. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

/**
 * Holds a run's folder for the process that writes to it: two processes that train into one folder would
 * take each other's checkpoints for their own. The system itself lets go of the lock when a process
 * ends, however it ends, so the file that a killed process leaves stands in nobody's way.
 *
 * Dispose it to let go.
 */
export class RunLock implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * @param dir Folder of the run; it must be there.
   * @throws {Error} when another process holds it, naming the folder and the process; or when the folder
   *   cannot be written.
   */
  static take(dir: string): RunLock {
    const path = `${dir}/${LOCK_FILE}`;
    for (;;) {
      const file = openToWrite(dir, path);
      if (!tryLock(file)) {
        file.close();
        throw new Error(describeHolder(dir, path));
      }
      // The one who had it may have taken the file away since it was opened here.
      if (!isStill(file, path)) {
        file.close();
        continue;
      }
      const holder: Holder = {
        pid: Deno.pid,
        host: Deno.hostname(),
        since: new Date().toISOString(),
      };
      // On a full disk nobody learns who it is; the lock holds all the same.
      try {
        file.truncateSync();
        file.writeSync(new TextEncoder().encode(JSON.stringify(holder)));
      } catch { /* the run itself will say so */ }
      return new RunLock(path, file);
    }
  }

  [Symbol.dispose](): void {
    try {
      // A folder that was moved aside has taken its file along.
      if (isStill(this.#file, this.#path)) Deno.removeSync(this.#path);
    } catch { /* without its lock the file means nothing */ }
    this.#file.close();
  }
}

function openToWrite(dir: string, path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { create: true, read: true, write: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${dir} cannot be written (${reason}); name another folder with --out`, {
      cause,
    });
  }
}

/** False when another process has it. A disk that knows no locks is taken as it is. */
function tryLock(file: Deno.FsFile): boolean {
  try {
    return file.tryLockSync(true);
  } catch {
    return true;
  }
}

function isStill(file: Deno.FsFile, path: string): boolean {
  try {
    const [held, named] = [file.statSync(), Deno.statSync(path)];
    return held.ino === named.ino && held.dev === named.dev;
  } catch {
    return false;
  }
}

function describeHolder(dir: string, path: string): string {
  let who = "another process";
  try {
    const { pid, host, since }: Holder = JSON.parse(Deno.readTextFileSync(path));
    const place = host === Deno.hostname() ? "" : ` on ${host}`;
    who = `process ${pid}${place}, since ${since},`;
  } catch { /* it is about to write who it is */ }
  return `${dir}: ${who} trains in this folder; wait for it, end it, or name another folder ` +
    "with --out";
}
