import { PairLoader, type RowBatch } from "../../src/data/loader/pair_loader.ts";

/**
 * Gives every picture of some batches the caption of another one, while this lives: batches that no model
 * can get right. Which they are is a function of the data alone, so a run that goes on meets the same.
 *
 * @param epochLength Rows of an epoch.
 * @param poisoned Told the number of a batch, the first is 1.
 * @param ranks How many processes share a batch.
 */
export function poisonBatches(
  epochLength: number,
  poisoned: (batch: number) => boolean,
  ranks = 1,
): Disposable {
  const next = PairLoader.prototype.next;
  PairLoader.prototype.next = async function (this: PairLoader): Promise<RowBatch> {
    const batch = await next.call(this);
    const { epoch, position, deferred } = batch.cursor;
    const seen = epoch * epochLength + position - deferred.length;
    if (poisoned(Math.round(seen / (batch.rows.length * ranks)))) {
      const width = batch.tokens.length / batch.rows.length;
      const last = batch.tokens.slice(-width);
      batch.tokens.copyWithin(width, 0);
      batch.tokens.set(last);
    }
    return batch;
  };
  return {
    [Symbol.dispose]() {
      PairLoader.prototype.next = next;
    },
  };
}
