/** Scalars by name. */
export type Scalars = Readonly<Record<string, number>>;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  return crc >>> 0;
});

/** CRC-32C, rotated and offset as TFRecord files want it. */
export function maskedCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 255];
  crc = (crc ^ 0xffffffff) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/**
 * Appends scalars to a TensorBoard event file: TFRecord frames of `Event` messages. Point TensorBoard
 * at the run's folder.
 */
export class TensorBoardLog implements Disposable {
  readonly #file: Deno.FsFile;

  constructor(dir: string) {
    const seconds = Math.floor(Date.now() / 1000);
    const path = `${dir}/events.out.tfevents.${seconds}.clipa.${Deno.pid}`;
    this.#file = Deno.openSync(path, { append: true, create: true });
    this.#frame([...double(1, seconds), ...bytes(3, new TextEncoder().encode("brain.Event:2"))]);
  }

  /** Writes the scalars of a step. */
  write(step: number, scalars: Scalars): void {
    const values = Object.entries(scalars).flatMap(([tag, value]) =>
      bytes(1, Uint8Array.from([...bytes(1, new TextEncoder().encode(tag)), ...float(2, value)]))
    );
    const event = [
      ...double(1, Date.now() / 1000),
      ...field(2, 0),
      ...varint(step),
      ...bytes(5, Uint8Array.from(values)),
    ];
    this.#frame(event);
  }

  #frame(message: number[]): void {
    const data = Uint8Array.from(message);
    const frame = new Uint8Array(16 + data.length);
    const view = new DataView(frame.buffer);
    view.setBigUint64(0, BigInt(data.length), true);
    view.setUint32(8, maskedCrc32c(frame.subarray(0, 8)), true);
    frame.set(data, 12);
    view.setUint32(12 + data.length, maskedCrc32c(data), true);
    for (let at = 0; at < frame.length;) at += this.#file.writeSync(frame.subarray(at));
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function field(number: number, type: number): number[] {
  return [(number << 3) | type];
}

function varint(value: number): number[] {
  const out: number[] = [];
  let left = value;
  while (left >= 128) {
    out.push((left % 128) | 128);
    left = Math.floor(left / 128);
  }
  return [...out, left];
}

function bytes(number: number, data: Uint8Array): number[] {
  return [...field(number, 2), ...varint(data.length), ...data];
}

function double(number: number, value: number): number[] {
  return [...field(number, 1), ...new Uint8Array(Float64Array.of(value).buffer)];
}

function float(number: number, value: number): number[] {
  return [...field(number, 5), ...new Uint8Array(Float32Array.of(value).buffer)];
}
