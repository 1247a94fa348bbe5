import { readFileSync } from "node:fs";

/** The bytes of a hexadecimal text. */
export function hex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/i.test(text)) throw new Error(`not hexadecimal: ${text.slice(0, 40)}`);
  return new Uint8Array(Buffer.from(text, "hex"));
}

/** The hexadecimal text of some bytes, lower case. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** A vector file. Its type is the caller's word: the files are part of this repository. */
export function load<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8")) as T;
}

interface WycheproofFile<T> {
  readonly testGroups: readonly { readonly tests: readonly T[] }[];
}

/** All cases of a Wycheproof file. */
export function wycheproof<T>(name: string): readonly (T & { readonly result: string; readonly tcId: number })[] {
  const file = load<WycheproofFile<T & { result: string; tcId: number }>>(`wycheproof-${name}.json`);
  return file.testGroups.flatMap((group) => group.tests);
}
