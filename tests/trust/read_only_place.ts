/** A folder that can be made read-only and writable again; disposing it takes it away. */
export interface ReadOnlyPlace extends Disposable {
  readonly path: string;
  /** What the system says of writing there. */
  readonly reason: RegExp;
  setWritable(writable: boolean): void;
}

/**
 * A small file system in memory for root, whom modes do not keep from writing; else a folder without
 * permission to write.
 *
 * @param bytes Size of the file system.
 * @returns Null for root where nothing may be mounted.
 */
export function readOnlyPlace(bytes = 64 << 20): ReadOnlyPlace | null {
  const path = Deno.makeTempDirSync({ prefix: "clipa-read-only-" });
  if (Deno.uid() !== 0) {
    return {
      path,
      reason: /Permission denied|os error 13/,
      setWritable: (writable) => Deno.chmodSync(path, writable ? 0o755 : 0o555),
      [Symbol.dispose]() {
        Deno.chmodSync(path, 0o755);
        Deno.removeSync(path, { recursive: true });
      },
    };
  }
  const mount = (...args: string[]) =>
    new Deno.Command("mount", { args, stderr: "null" }).outputSync().success;
  if (!mount("-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", path)) {
    Deno.removeSync(path);
    return null;
  }
  return {
    path,
    reason: /Read-only file system \(os error 30\)/,
    setWritable(writable) {
      if (!mount("-o", `remount,${writable ? "rw" : "ro"}`, path)) {
        throw new Error(`${path} cannot be mounted anew`);
      }
    },
    [Symbol.dispose]() {
      new Deno.Command("umount", { args: [path] }).outputSync();
      Deno.removeSync(path);
    },
  };
}
