import { checkoutFile, checkoutFolder } from "../config/checkout_folder.ts";
import { type Device, nameOf, parseDevice } from "./device.ts";
import { NativeError } from "./native_error.ts";
import { symbols } from "./symbols.ts";

/** The ABI version this TypeScript was written for: `CLIPA_ABI_VERSION` of the header. */
export const ABI_VERSION = 1;

/** The loaded native library. */
export interface NativeLibrary {
  /** Path of the shared library. */
  readonly path: string;
  /** The C functions; see `symbols.ts`. */
  readonly symbols: Deno.DynamicLibrary<typeof symbols>["symbols"];
  /** What the library says of itself: device, compiler, BLAS, lanes. */
  readonly info: Readonly<Record<string, string | number>>;
}

let loaded: NativeLibrary | undefined;

/**
 * Where the library is looked for: `CLIPA_LIBRARY`, else the build folder of this checkout for the
 * device that `CLIPA_DEVICE` names.
 *
 * @throws {Error} when neither is there because the module was loaded over the network.
 */
export function libraryPath(): string {
  const given = Deno.env.get("CLIPA_LIBRARY");
  if (given) return given;
  const { kind } = chosenDevice();
  const place = `../../build/${kind}/libclipa_${kind}.so`;
  return decodeURIComponent(checkoutFile(place, import.meta.url).pathname);
}

/** The device that `CLIPA_DEVICE` names; the CPU when it is not set. */
export function chosenDevice(): Device {
  return parseDevice(Deno.env.get("CLIPA_DEVICE") || "cpu");
}

/**
 * Chooses the device of this process and of those it starts, as `CLIPA_DEVICE` does, before anything
 * native has run: a process loads one library, which is that of its device.
 *
 * ```ts
 * useDevice("cpu"); // { kind: "cpu", index: 0 }
 * ```
 *
 * @param name `cpu`, `cuda` or `cuda:<index>`.
 * @throws {RangeError} for any other name.
 * @throws {Error} when the library of the other kind is loaded already.
 */
export function useDevice(name: string): Device {
  const device = parseDevice(name);
  // With CLIPA_LIBRARY the user has chosen the build; what cannot be is refused when it is loaded.
  if (loaded && loaded.info.device !== device.kind && !Deno.env.get("CLIPA_LIBRARY")) {
    throw new Error(
      `the device is ${name}, and this process has loaded the library of the device ` +
        `${loaded.info.device}; a process has one: name the device before the first context, for ` +
        `example with CLIPA_DEVICE=${name}, and in a notebook restart the kernel`,
    );
  }
  const { kind, index } = chosenDevice();
  if (kind !== device.kind || index !== device.index) Deno.env.set("CLIPA_DEVICE", nameOf(device));
  return device;
}

/**
 * The native library, loaded at the first call and checked against {@linkcode ABI_VERSION}.
 *
 * @throws {Error} when the library is missing, cannot be loaded, or has another ABI version.
 */
export function nativeLibrary(): NativeLibrary {
  loaded ??= load(libraryPath());
  return loaded;
}

function load(path: string): NativeLibrary {
  const task = path.endsWith("libclipa_cuda.so") ? "build:cuda" : "build";
  const advice = `build it with \`${buildCommand(task)}\`, or set CLIPA_LIBRARY to its path`;
  let library: Deno.DynamicLibrary<typeof symbols>;
  try {
    library = Deno.dlopen(path, symbols);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`native library ${path} cannot be loaded (${reason}); ${advice}`, { cause });
  }
  const version = new Uint32Array(1);
  library.symbols.clipa_abi_version(version);
  if (version[0] !== ABI_VERSION) {
    library.close();
    throw new Error(
      `native library ${path} has ABI version ${
        version[0]
      }; this code needs ${ABI_VERSION}; ${advice}`,
    );
  }
  const text = new Uint8Array(1024);
  library.symbols.clipa_build_info(text, 1024n);
  const info = JSON.parse(cString(text));
  if (chosenDevice().kind === "cuda" && info.device !== "cuda") {
    library.close();
    throw new Error(
      `native library ${path} is a build for the ${info.device}, the device is cuda; unset ` +
        "CLIPA_LIBRARY, and build the other with `deno task build:cuda`",
    );
  }
  return { path, symbols: library.symbols, info };
}

/** Names the checkout to those who stand in a project of their own. */
function buildCommand(task: string): string {
  const folder = checkoutFolder();
  const here = folder === undefined || `${Deno.cwd()}/`.startsWith(`${folder}/`);
  return here ? `deno task ${task}` : `deno task --cwd ${folder} ${task}`;
}

/** Throws the {@linkcode NativeError} of a failed call; `context` 0 is the calling thread's error. */
export function check(status: number, operation: string, context = 0n): void {
  if (status === 0) return;
  const text = new Uint8Array(2048);
  nativeLibrary().symbols.clipa_error_message(context, text, 2048n);
  throw new NativeError(status, operation, cString(text));
}

function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.subarray(0, end < 0 ? bytes.length : end));
}
