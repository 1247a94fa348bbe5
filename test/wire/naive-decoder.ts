/**
 * A second reader of values, from the table in src/wire/values-tags.ts and the MessagePack specification alone: slow,
 * without limits, sharing nothing with the real one.
 */
export function naiveDecode(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  const reader = new NaiveReader(bytes);
  const value = reader.value();
  if (reader.at !== bytes.length) throw new Error("bytes left over");
  return value;
}

class NaiveReader {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  value(): unknown {
    const token = this.#uint(1);
    if (token <= 0x7f) return token;
    if (token <= 0x8f) return this.#object(token - 0x80);
    if (token <= 0x9f) return this.#list(token - 0x90);
    if (token <= 0xbf) return this.#text(token - 0xa0);
    if (token >= 0xe0) return token - 256;
    const table: Record<number, () => unknown> = {
      0xc0: () => null,
      0xc2: () => false,
      0xc3: () => true,
      0xc4: () => this.#take(this.#uint(1)),
      0xc5: () => this.#take(this.#uint(2)),
      0xc6: () => this.#take(this.#uint(4)),
      0xc7: () => this.#extension(this.#uint(1)),
      0xc8: () => this.#extension(this.#uint(2)),
      0xc9: () => this.#extension(this.#uint(4)),
      0xca: () => viewOf(this.#take(4)).getFloat32(0),
      0xcb: () => viewOf(this.#take(8)).getFloat64(0),
      0xcc: () => this.#uint(1),
      0xcd: () => this.#uint(2),
      0xce: () => this.#uint(4),
      0xcf: () => Number(viewOf(this.#take(8)).getBigUint64(0)),
      0xd0: () => viewOf(this.#take(1)).getInt8(0),
      0xd1: () => viewOf(this.#take(2)).getInt16(0),
      0xd2: () => viewOf(this.#take(4)).getInt32(0),
      0xd3: () => Number(viewOf(this.#take(8)).getBigInt64(0)),
      0xd4: () => this.#extension(1),
      0xd5: () => this.#extension(2),
      0xd6: () => this.#extension(4),
      0xd7: () => this.#extension(8),
      0xd8: () => this.#extension(16),
      0xd9: () => this.#text(this.#uint(1)),
      0xda: () => this.#text(this.#uint(2)),
      0xdb: () => this.#text(this.#uint(4)),
      0xdc: () => this.#list(this.#uint(2)),
      0xdd: () => this.#list(this.#uint(4)),
      0xde: () => this.#object(this.#uint(2)),
      0xdf: () => this.#object(this.#uint(4)),
    };
    const read = table[token];
    if (read === undefined) throw new Error(`token ${token}`);
    return read();
  }

  #uint(size: 1 | 2 | 4): number {
    this.at += size;
    if (size === 1) return this.#view.getUint8(this.at - 1);
    return size === 2 ? this.#view.getUint16(this.at - 2) : this.#view.getUint32(this.at - 4);
  }

  #take(length: number): Uint8Array {
    if (this.at + length > this.#bytes.length) throw new Error("cut");
    this.at += length;
    return Uint8Array.from(this.#bytes.subarray(this.at - length, this.at));
  }

  #text(length: number): string {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.#take(length));
  }

  #list(length: number): unknown[] {
    return Array.from({ length }, () => this.value());
  }

  #object(size: number): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (let i = 0; i < size; i++) {
      const key = this.value();
      if (typeof key !== "string" || key === "__proto__") throw new Error("key");
      result[key] = this.value();
    }
    return result;
  }

  #extension(length: number): unknown {
    const type = this.#uint(1);
    const content = this.#take(length);
    const view = viewOf(content);
    const inner = new NaiveReader(content);
    const typed = [
      Int8Array,
      Uint8ClampedArray,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
      Float32Array,
      Float64Array,
      BigInt64Array,
      BigUint64Array,
    ][type - 0x10];
    if (typed !== undefined) return new typed(content.buffer as ArrayBuffer);
    switch (type) {
      case 0:
        return undefined;
      case 1:
        return new Date(view.getFloat64(0));
      case 2: {
        let sum = 0n;
        for (const byte of content) sum = sum * 256n + BigInt(byte);
        return view.getInt8(0) < 0 ? sum - (1n << BigInt(length * 8)) : sum;
      }
      case 3: {
        const token = inner.#uint(1);
        const size = token === 0xde ? inner.#uint(2) : token === 0xdf ? inner.#uint(4) : token - 0x80;
        return new Map(Array.from({ length: size }, () => [inner.value(), inner.value()] as const));
      }
      case 4:
        return new Set(inner.value() as unknown[]);
      case 5:
        return Array.from({ length: length / 2 }, (_, index) =>
          String.fromCharCode(view.getUint16(index * 2, true)),
        ).join("");
      default:
        throw new Error(`type ${type}`);
    }
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
