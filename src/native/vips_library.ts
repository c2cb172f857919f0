import sharp from "sharp";
import { vipsSymbols } from "./vips_symbols.ts";

/** The functions of libvips; see `vips_symbols.ts`. */
export type VipsLibrary = Deno.DynamicLibrary<typeof vipsSymbols>["symbols"];

let loaded: VipsLibrary | undefined;

/**
 * The libvips that sharp brought into this process, for what sharp itself does not offer. The linker
 * finds a library that is loaded by its name, so it is the very copy, whatever folder it lies in.
 *
 * @throws {Error} when sharp was built with another form of libvips than its packages have.
 */
export function vipsLibrary(): VipsLibrary {
  return loaded ??= open();
}

function open(): VipsLibrary {
  const name = `libvips-cpp.so.${sharp.versions.vips}`;
  try {
    return Deno.dlopen(name, vipsSymbols).symbols;
  } catch (cause) {
    throw new Error(
      `${name}, which comes with sharp, is not in this process; run \`deno install\` for sharp's own ` +
        "packages, or leave scaled decoding out",
      { cause },
    );
  }
}
