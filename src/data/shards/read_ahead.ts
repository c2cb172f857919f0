/**
 * The same items, with the next one being made while the caller works on one.
 *
 * @throws what the source throws, when its item is asked for.
 */
export async function* readAhead<Item>(
  source: AsyncGenerator<Item, void, void>,
): AsyncGenerator<Item, void, void> {
  const start = () => {
    const promise = source.next();
    // Whoever takes it gets the error; nobody may be there when the caller leaves early.
    promise.catch(() => {});
    return promise;
  };
  try {
    for (let pending = start();;) {
      const { done, value } = await pending;
      if (done) return;
      pending = start();
      yield value;
    }
  } finally {
    await source.return();
  }
}
