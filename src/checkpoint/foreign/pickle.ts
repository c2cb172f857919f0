/** A thing that a pickle names; it is never looked up, imported or called. */
export class PickleGlobal {
  constructor(readonly name: string) {}
}

/** A storage that a pickle refers to: the rows of another file. */
export class PickleStorage {
  constructor(readonly parts: readonly unknown[]) {}
}

/** A call that the reader knows as data; it is not made, only written down. */
export class PickleCall {
  constructor(readonly name: string, readonly parts: readonly unknown[]) {}
}

/** What the reader gives back. Dictionaries and ordered dictionaries are maps, tuples are arrays. */
export type PickleValue = unknown;

/** What a pickle may need at most. */
const MAX_BYTES = 16 * 2 ** 20;
const MAX_OBJECTS = 1_000_000;

/** Calls that describe data. Anything else that a pickle wants to call is refused by name. */
const DATA_CALLS: ReadonlySet<string> = new Set([
  "collections.OrderedDict",
  "torch._utils._rebuild_tensor",
  "torch._utils._rebuild_tensor_v2",
  "torch._utils._rebuild_parameter",
]);

/** Names that stand for a number type. */
const STORAGE = /^torch\.[A-Z][A-Za-z0-9]*Storage$/;

/**
 * Reads the pickles that PyTorch writes for weights, as data: dictionaries, lists, numbers, strings and
 * tensor descriptions. This is no unpickler: nothing is imported, no object is made, no function called. Only
 * the opcodes below exist here, and only the names above are let through.
 *
 * @param what Name of the file, for messages.
 * @throws {SyntaxError} for any other opcode or name, for references to nothing, and when it is too large.
 */
export function readPickle(bytes: Uint8Array, what: string): PickleValue {
  return new PickleReader(bytes, what).read();
}

const MARK = Symbol("mark");

class PickleReader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #what: string;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();
  #at = 0;
  #objects = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length > MAX_BYTES) {
      throw this.#bad(`${bytes.length} bytes; allowed: ${MAX_BYTES}`);
    }
  }

  read(): PickleValue {
    while (true) {
      const start = this.#at;
      const code = this.#byte();
      if (code === 0x2e) break; // STOP
      const opcode = BY_BYTE[code];
      if (opcode === undefined) {
        const name = REFUSED[code] ?? `0x${code.toString(16).padStart(2, "0")}`;
        throw this.#bad(
          `opcode ${name} at byte ${start}, which can do more than describe weights; ` +
            "nothing was executed",
        );
      }
      this.#run(opcode);
      if (++this.#objects > MAX_OBJECTS) {
        throw this.#bad(`more than ${MAX_OBJECTS} instructions`);
      }
    }
    if (this.#stack.length !== 1) throw this.#bad(`${this.#stack.length} values left at its end`);
    return this.#pop();
  }

  #run(opcode: Opcode): void {
    const push = (value: unknown) => this.#stack.push(value);
    switch (opcode) {
      case "PROTO": {
        const version = this.#byte();
        if (version > 5) throw this.#bad(`protocol ${version}; allowed: up to 5`);
        return;
      }
      case "FRAME":
        return void this.#take(8);
      case "MARK":
        return void push(MARK);
      case "NONE":
        return void push(null);
      case "NEWTRUE":
        return void push(true);
      case "NEWFALSE":
        return void push(false);
      case "BININT":
        return void push(this.#take(4).getInt32(0, true));
      case "BININT1":
        return void push(this.#byte());
      case "BININT2":
        return void push(this.#take(2).getUint16(0, true));
      case "LONG1":
        return void push(this.#long());
      case "BINFLOAT":
        return void push(this.#take(8).getFloat64(0, false));
      case "SHORT_BINUNICODE":
        return void push(this.#text(this.#byte()));
      case "BINUNICODE":
        return void push(this.#text(this.#take(4).getUint32(0, true)));
      case "EMPTY_TUPLE":
      case "EMPTY_LIST":
        return void push([]);
      case "EMPTY_DICT":
        return void push(new Map());
      case "TUPLE":
        return void push(this.#toMark());
      case "TUPLE1":
        return void push(this.#last(1));
      case "TUPLE2":
        return void push(this.#last(2));
      case "TUPLE3":
        return void push(this.#last(3));
      case "APPEND":
        return this.#append(this.#last(1));
      case "APPENDS":
        return this.#append(this.#toMark());
      case "SETITEM":
        return this.#set(this.#last(2));
      case "SETITEMS":
        return this.#set(this.#toMark());
      case "BINPUT":
        return void this.#memo.set(this.#byte(), this.#top());
      case "LONG_BINPUT":
        return void this.#memo.set(this.#take(4).getUint32(0, true), this.#top());
      case "MEMOIZE":
        return void this.#memo.set(this.#memo.size, this.#top());
      case "BINGET":
        return void push(this.#recall(this.#byte()));
      case "LONG_BINGET":
        return void push(this.#recall(this.#take(4).getUint32(0, true)));
      case "GLOBAL":
        return void push(this.#global(`${this.#line()}.${this.#line()}`));
      case "STACK_GLOBAL": {
        const [module, name] = this.#last(2);
        return void push(this.#global(`${module}.${name}`));
      }
      case "BINPERSID": {
        const id = this.#pop();
        if (!Array.isArray(id)) throw this.#bad("a storage that is not described by a tuple");
        return void push(new PickleStorage(id));
      }
      case "REDUCE":
        return this.#reduce();
      case "BUILD":
        return this.#build();
    }
  }

  #global(name: string): PickleGlobal {
    if (DATA_CALLS.has(name) || STORAGE.test(name)) return new PickleGlobal(name);
    throw this.#bad(
      `the name ${JSON.stringify(name.slice(0, 100))}; allowed: ${
        [...DATA_CALLS].join(", ")
      } and ` +
        "torch's storages; nothing was executed. Save only the state_dict, or as safetensors",
    );
  }

  #reduce(): void {
    const [called, parts] = this.#last(2);
    if (
      !(called instanceof PickleGlobal) || !DATA_CALLS.has(called.name) || !Array.isArray(parts)
    ) {
      throw this.#bad("a call of something that is no description of data; nothing was executed");
    }
    if (called.name !== "collections.OrderedDict") {
      this.#stack.push(new PickleCall(called.name, parts));
      return;
    }
    const made = new Map();
    this.#stack.push(made);
    const pairs = parts[0] ?? [];
    if (parts.length > 1 || !Array.isArray(pairs)) throw this.#bad("an odd ordered dictionary");
    for (const pair of pairs) {
      if (!Array.isArray(pair) || pair.length !== 2) throw this.#bad("an odd ordered dictionary");
      this.#set(pair);
    }
  }

  // PyTorch hangs version numbers on a state dictionary; they do not concern us.
  #build(): void {
    this.#pop();
    if (!(this.#top() instanceof Map)) {
      throw this.#bad("a state for something that is no dictionary");
    }
  }

  #append(values: unknown[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.#bad("an item for something that is no list");
    for (const value of values) list.push(value);
  }

  #set(values: unknown[]): void {
    const map = this.#top();
    if (!(map instanceof Map) || values.length % 2 !== 0) {
      throw this.#bad("a key and value for something that is no dictionary");
    }
    for (let i = 0; i < values.length; i += 2) {
      const key = values[i];
      if (typeof key !== "string" && typeof key !== "number") {
        throw this.#bad("a dictionary key that is no text or number");
      }
      map.set(key, values[i + 1]);
    }
  }

  #recall(index: number): unknown {
    if (!this.#memo.has(index)) throw this.#bad(`a reference to nothing, ${index}`);
    return this.#memo.get(index);
  }

  #toMark(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw this.#bad("no mark");
    const values = this.#stack.splice(mark);
    return values.slice(1);
  }

  #last(count: number): unknown[] {
    const values = this.#stack.splice(Math.max(0, this.#stack.length - count));
    if (values.length !== count || values.includes(MARK)) throw this.#bad("too few values");
    return values;
  }

  #pop(): unknown {
    return this.#last(1)[0];
  }

  #top(): unknown {
    const top = this.#stack.at(-1);
    if (top === undefined || top === MARK) throw this.#bad("too few values");
    return top;
  }

  #long(): number {
    const length = this.#byte();
    if (length > 8) throw this.#bad(`a number of ${length} bytes; allowed: 8`);
    let value = 0n;
    for (let i = 0; i < length; i++) value |= BigInt(this.#byte()) << BigInt(8 * i);
    return Number(BigInt.asIntN(8 * Math.max(1, length), value));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0 || end - this.#at > 1000) throw this.#bad("a name without an end");
    const text = this.#text(end - this.#at);
    this.#at++;
    return text;
  }

  #text(length: number): string {
    const { byteOffset } = this.#take(length);
    const bytes = new Uint8Array(this.#bytes.buffer, byteOffset, length);
    return new TextDecoder().decode(bytes);
  }

  #byte(): number {
    return this.#take(1).getUint8(0);
  }

  #take(length: number): DataView {
    if (this.#at + length > this.#bytes.length) throw this.#bad("it ends in the middle");
    const view = new DataView(this.#view.buffer, this.#view.byteOffset + this.#at, length);
    this.#at += length;
    return view;
  }

  #bad(what: string): SyntaxError {
    return new SyntaxError(`${this.#what} is no pickle of weights: seen ${what}`);
  }
}

/** The opcodes that exist here, by their byte. */
const OPCODES = {
  ...{ 0x80: "PROTO", 0x95: "FRAME", 0x28: "MARK", 0x4e: "NONE", 0x88: "NEWTRUE" },
  ...{ 0x89: "NEWFALSE", 0x4a: "BININT", 0x4b: "BININT1", 0x4d: "BININT2", 0x8a: "LONG1" },
  ...{ 0x47: "BINFLOAT", 0x8c: "SHORT_BINUNICODE", 0x58: "BINUNICODE", 0x29: "EMPTY_TUPLE" },
  ...{ 0x5d: "EMPTY_LIST", 0x7d: "EMPTY_DICT", 0x74: "TUPLE", 0x85: "TUPLE1", 0x86: "TUPLE2" },
  ...{ 0x87: "TUPLE3", 0x61: "APPEND", 0x65: "APPENDS", 0x73: "SETITEM", 0x75: "SETITEMS" },
  ...{ 0x71: "BINPUT", 0x72: "LONG_BINPUT", 0x94: "MEMOIZE", 0x68: "BINGET" },
  ...{ 0x6a: "LONG_BINGET", 0x63: "GLOBAL", 0x93: "STACK_GLOBAL", 0x51: "BINPERSID" },
  ...{ 0x52: "REDUCE", 0x62: "BUILD" },
} as const satisfies Record<number, string>;

type Opcode = typeof OPCODES[keyof typeof OPCODES];
const BY_BYTE: Readonly<Record<number, Opcode | undefined>> = OPCODES;

/** Names of refused opcodes, for messages. */
const REFUSED: Readonly<Record<number, string>> = {
  ...{ 0x69: "INST", 0x6f: "OBJ", 0x81: "NEWOBJ", 0x92: "NEWOBJ_EX", 0x50: "PERSID" },
  ...{ 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x8b: "LONG4", 0x96: "BYTEARRAY8" },
  ...{ 0x97: "NEXT_BUFFER", 0x32: "DUP", 0x30: "POP", 0x31: "POP_MARK", 0x49: "INT" },
};
