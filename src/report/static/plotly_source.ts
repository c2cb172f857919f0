import { packageFile } from "./package_file.ts";

let source: string | undefined;

/** The text of plotly.js (its cartesian build), from the pinned npm package. */
export function plotlySource(): string {
  source ??= new TextDecoder().decode(
    packageFile("plotly.js-cartesian-dist-min", "plotly-cartesian.min.js"),
  );
  return source;
}
