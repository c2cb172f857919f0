import assert from "node:assert/strict";
import { MetricsLog, readMetrics } from "../../src/train/metrics_log.ts";
import { maskedCrc32c, TensorBoardLog } from "../../src/train/tensorboard_log.ts";
import { averageDecay } from "../../src/train/train_stage.ts";
import { learningRate } from "../../src/train/schedule.ts";
import { passes } from "../../src/train/due.ts";

Deno.test("MetricsLog keeps the chosen lines and drops a torn one when it opens a file again", () => {
  const path = Deno.makeTempFileSync();
  Deno.writeTextFileSync(path, '{"step":1}\n{"step":2}\n{"step":3}\n{"st');
  {
    using log = new MetricsLog(path, (line) => Number(line.step) <= 2);
    log.write({ step: 3, loss: 1.5 });
  }
  assert.deepEqual(readMetrics(path), [{ step: 1 }, { step: 2 }, { step: 3, loss: 1.5 }]);
  Deno.writeTextFileSync(path, '{"step":1}\n{"st\n{"step":3}\n');
  assert.throws(() => readMetrics(path), /line 2 is not JSON/);
  Deno.removeSync(path);
  assert.deepEqual(readMetrics(path), []);
});

Deno.test("maskedCrc32c gives the published check value before masking", () => {
  // CRC-32C of "123456789" is e3069283.
  const crc = 0xe3069283;
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  assert.equal(maskedCrc32c(new TextEncoder().encode("123456789")), masked);
});

Deno.test("TensorBoardLog writes frames whose checksums and scalars can be read back", () => {
  const dir = Deno.makeTempDirSync();
  {
    using board = new TensorBoardLog(dir);
    board.write(300, { loss: 2.5 });
  }
  const [file] = [...Deno.readDirSync(dir)];
  assert.match(file.name, /^events\.out\.tfevents\.\d+/);
  const bytes = Deno.readFileSync(`${dir}/${file.name}`);
  const view = new DataView(bytes.buffer);
  const events: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    const data = bytes.subarray(at + 12, at + 12 + length);
    assert.equal(view.getUint32(at + 8, true), maskedCrc32c(bytes.subarray(at, at + 8)));
    assert.equal(view.getUint32(at + 12 + length, true), maskedCrc32c(data));
    events.push(data);
    at += 16 + length;
  }
  assert.equal(events.length, 2);
  // After the wall time (9 bytes): field 2, step 300 as a varint; then field 5, the summary.
  assert.deepEqual([...events[1].subarray(9, 12)], [0x10, 0xac, 0x02]);
  const text = new TextDecoder().decode(events[1]);
  assert.ok(text.includes("loss"));
  const value = new DataView(events[1].buffer, events[1].byteOffset + events[1].length - 4);
  assert.equal(value.getFloat32(0, true), 2.5);
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("learningRate warms up, follows its course and ends at its share", () => {
  const schedule = { peak: 2, warmupSteps: 4, steps: 104, endShare: 0.1 } as const;
  const rate = (kind: "cosine" | "linear" | "constant", step: number) =>
    learningRate({ ...schedule, kind }, step);
  assert.deepEqual([0, 1, 3].map((step) => rate("cosine", step)), [0.5, 1, 2]);
  assert.equal(rate("cosine", 4), 2);
  assert.ok(Math.abs(rate("cosine", 54) - 1.1) < 1e-12);
  assert.ok(Math.abs(rate("linear", 29) - 2 * (0.1 + 0.9 * 0.75)) < 1e-12);
  assert.ok(Math.abs(rate("linear", 104) - 0.2) < 1e-12);
  assert.equal(rate("constant", 100), 2);
});

Deno.test("averageDecay starts quickly with ema and is a plain mean with tail", () => {
  assert.equal(averageDecay(null, 5, 10), 0);
  assert.equal(averageDecay({ kind: "ema", decay: 0.99 }, 0, 100), 0.1);
  assert.equal(averageDecay({ kind: "ema", decay: 0.99 }, 5000, 9000), 0.99);
  let mean = 0;
  for (let step = 0; step < 10; step++) {
    const decay = averageDecay({ kind: "tail", share: 0.4 }, step, 10);
    mean = decay * mean + (1 - decay) * step;
  }
  assert.equal(mean, (6 + 7 + 8 + 9) / 4);
});

Deno.test("passes is true once for each multiple that a step goes over", () => {
  const due = [];
  for (let seen = 64; seen <= 640; seen += 64) if (passes(seen - 64, seen, 200)) due.push(seen);
  assert.deepEqual(due, [256, 448, 640]);
  assert.equal(passes(0, 1000, null), false);
});
