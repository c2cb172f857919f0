import { fileExists } from "./file_exists.ts";
import { SetupError } from "./report.ts";

/** What the platform check looks at; read from the machine by {@link readPlatform}. */
export interface Platform {
  os: string;
  arch: string;
  /** C library of the system. */
  libc: "glibc" | "other";
  /** `ID` and `ID_LIKE` of `/etc/os-release`, lower-case. */
  distribution: string[];
}

const LOADERS: Record<string, string[]> = {
  x86_64: ["/lib64/ld-linux-x86-64.so.2"],
  aarch64: ["/lib/ld-linux-aarch64.so.1"],
};

/** Reads the platform of this machine. */
export function readPlatform(): Platform {
  const { os, arch } = Deno.build;
  const libc = (LOADERS[arch] ?? []).some(fileExists) ? "glibc" : "other";
  return { os, arch, libc, distribution: os === "linux" ? readDistribution() : [] };
}

/**
 * Refuses platforms on which the native library is not known to build.
 *
 * @throws {SetupError} naming what was seen and what is supported.
 */
export function checkPlatform(platform: Platform): void {
  const supported = "Linux with glibc on x86_64 or aarch64";
  const seen = `${platform.os} ${platform.arch}`;
  if (platform.os !== "linux") {
    throw new SetupError(
      `this machine runs ${seen}; supported: ${supported}; use a Linux machine, container or ` +
        "virtual machine",
    );
  }
  if (!(platform.arch in LOADERS)) {
    throw new SetupError(`this machine is ${seen}; supported: ${supported}`);
  }
  if (platform.libc !== "glibc") {
    throw new SetupError(
      `this Linux has another C library than glibc (Alpine, perhaps); supported: ${supported}; ` +
        "use a Debian or Ubuntu image",
    );
  }
}

/** Whether packages can be installed with apt-get here. */
export function isDebianFamily(platform: Platform): boolean {
  return platform.distribution.some((name) => name === "debian" || name === "ubuntu");
}

function readDistribution(): string[] {
  let text: string;
  try {
    text = Deno.readTextFileSync("/etc/os-release");
  } catch {
    return [];
  }
  return parseDistribution(text);
}

/** The words of `ID` and `ID_LIKE` in the text of an `os-release` file. */
export function parseDistribution(osRelease: string): string[] {
  return osRelease.split("\n")
    .map((line) => /^ID(?:_LIKE)?=["']?([^"']*)["']?\s*$/.exec(line)?.[1] ?? "")
    .flatMap((value) => value.toLowerCase().split(/\s+/))
    .filter((word) => word !== "");
}
