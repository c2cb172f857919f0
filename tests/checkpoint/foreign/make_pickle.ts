import { concat } from "./make_zip.ts";

const text = (value: string) => new TextEncoder().encode(value);
const u32 = (value: number) => new Uint8Array(new Uint32Array([value]).buffer);

/** Pieces of a pickle of protocol 2, as PyTorch writes it. */
export const op = {
  proto: Uint8Array.of(0x80, 2),
  stop: text("."),
  mark: text("("),
  tuple: text("t"),
  emptyDict: text("}"),
  emptyTuple: text(")"),
  setItems: text("u"),
  reduce: text("R"),
  persid: text("Q"),
  no: Uint8Array.of(0x89),
  global: (module: string, name: string) => text(`c${module}\n${name}\n`),
  text: (value: string) => concat([text("X"), u32(text(value).length), text(value)]),
  int: (value: number) => concat([text("J"), u32(value)]),
};

/** A tensor's description. */
export function tensor(
  key: string,
  count: number,
  shape: readonly number[],
  strides: readonly number[],
  options: { storage?: string; offset?: number } = {},
): Uint8Array {
  const { storage = "FloatStorage", offset = 0 } = options;
  const tuple = (values: readonly Uint8Array[]) => concat([op.mark, ...values, op.tuple]);
  return concat([
    op.global("torch._utils", "_rebuild_tensor_v2"),
    tuple([
      concat([
        tuple([
          op.text("storage"),
          op.global("torch", storage),
          op.text(key),
          op.text("cpu"),
          op.int(count),
        ]),
        op.persid,
      ]),
      op.int(offset),
      tuple(shape.map(op.int)),
      tuple(strides.map(op.int)),
      op.no,
      op.global("collections", "OrderedDict"),
      op.emptyTuple,
      op.reduce,
    ]),
    op.reduce,
  ]);
}

/** A dictionary with text keys. */
export function dict(entries: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const items = Object.entries(entries).flatMap(([key, value]) => [op.text(key), value]);
  return concat([op.emptyDict, op.mark, ...items, op.setItems]);
}

/** A whole pickle. */
export function pickle(value: Uint8Array): Uint8Array {
  return concat([op.proto, value, op.stop]);
}
