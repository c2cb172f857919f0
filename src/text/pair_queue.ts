/** A pair of pieces waiting to be merged. */
export interface PairEntry {
  /** How often the pair stands in the captions. */
  count: number;
  /** Spelling of the left piece, one character a byte. */
  leftText: string;
  /** Spelling of the right piece. */
  rightText: string;
  left: number;
  right: number;
}

/**
 * A binary heap that gives the most frequent pair first. Equal counts are ordered by spelling, so the
 * order does not depend on the order in which the captions came.
 */
export class PairQueue {
  readonly #heap: PairEntry[] = [];

  /** Add an entry; entries of one pair may be many, the reader drops those that went stale. */
  push(entry: PairEntry) {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
  }

  /** Take the first entry, or `undefined` when the queue is empty. */
  pop(): PairEntry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: PairEntry, b: PairEntry): boolean {
  if (a.count !== b.count) return a.count > b.count;
  if (a.leftText !== b.leftText) return a.leftText < b.leftText;
  return a.rightText < b.rightText;
}
