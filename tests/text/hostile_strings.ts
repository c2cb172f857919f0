/** Characters that have broken tokenizers: controls, marks, joiners, half characters, long cases. */
const AWKWARD = [
  "\u0000",
  "\u0085",
  "\u00a0",
  "\u00ad",
  "\u0130",
  "\u0301",
  "\u03a3",
  "\u0661",
  "\u1e9e",
  "\u200b",
  "\u200d",
  "\u202e",
  "\u2028",
  "\u3000",
  "\uac00",
  "\ud800",
  "\udc00",
  "\ufb01",
  "\ufe0f",
  "\ufeff",
  "\uffff",
  "\u{1f468}",
  "\u{1f3fd}",
  "\u{10ffff}",
  "a",
  "Z",
  "'",
  "’",
  "9",
  ",",
  " ",
  "\t",
];

/** Strings of 0 to 11 characters, from the awkward ones and from all of Unicode; always the same. */
export function* hostileStrings(count: number): Generator<string> {
  let state = 1;
  const next = (bound: number) => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
  for (let i = 0; i < count; i++) {
    let text = "";
    for (let length = next(12); length > 0; length--) {
      text += next(3) > 0 ? AWKWARD[next(AWKWARD.length)] : String.fromCodePoint(next(0x110000));
    }
    yield text;
  }
}
