import { createHash } from "node:crypto";
import { type RunProgram, runProgram } from "../run_program.ts";

/** A pinned Debian package. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  /** Of the .deb file, hexadecimal. */
  readonly sha256: string;
}

/**
 * Fetch a package with apt, check it against its pinned SHA-256 and unpack its files below `dir`. No
 * script of the package runs and nothing is installed.
 *
 * @param deb The package's file, where it was fetched by hand; default: apt fetches it.
 * @throws {Error} when apt or dpkg-deb is missing or fails, or the file is another one; says what to
 * do by hand.
 */
export async function unpackDebianPackage(
  wanted: DebianPackage,
  dir: string,
  { deb, run = runProgram }: { deb?: string; run?: RunProgram } = {},
): Promise<void> {
  const file = deb ?? await fetchPackage(wanted, dir, run);
  const bytes = await Deno.readFile(file);
  const seen = createHash("sha256").update(bytes).digest("hex");
  if (seen !== wanted.sha256) {
    throw new Error(
      `${file}: SHA-256 ${seen}; allowed: ${wanted.sha256}, which is ${wanted.name} ` +
        `${wanted.version}; fetch that version and give it with --deb FILE`,
    );
  }
  const { code, output } = await run("dpkg-deb", ["--extract", file, dir], dir);
  if (code === 0) return;
  throw new Error(
    code === 127
      ? `dpkg-deb is missing, which unpacks ${file}; install the package dpkg`
      : `dpkg-deb could not unpack ${file} (exit code ${code}): ${output.trim()}`,
  );
}

async function fetchPackage(
  { name, version }: DebianPackage,
  dir: string,
  run: RunProgram,
): Promise<string> {
  const { code, output } = await run("apt-get", ["download", `${name}=${version}`], dir);
  const files = [...Deno.readDirSync(dir)].map((entry) => entry.name)
    .filter((file) => file.startsWith(`${name}_`) && file.endsWith(".deb"));
  if (code === 0 && files.length === 1) return `${dir}/${files[0]}`;
  const reason = code === 127
    ? "apt-get is missing"
    : `apt-get failed (exit code ${code}): ${output.trim().split("\n").at(-1)}`;
  throw new Error(
    `${name} ${version} could not be fetched: ${reason}; run "apt-get update" first, or fetch the ` +
      "package from a Debian mirror by hand and give it with --deb FILE",
  );
}
