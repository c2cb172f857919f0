/** A picture file with its caption, before it is packed into a shard. */
export interface SourceItem {
  /** Where it stands in the source: a file, or a table with its line. */
  readonly at: string;
  /** The picture file. */
  readonly path: string;
  readonly caption: string;
}

/** An entry of a source that names no usable pair; what stands before the first colon is the reason. */
export interface BrokenItem {
  readonly at: string;
  readonly problem: string;
}

/** A caption with white space and control characters as single blanks; may be empty. */
export function tidyCaption(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Cf}]+/gu, " ").trim();
}
