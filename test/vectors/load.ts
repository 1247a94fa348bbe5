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

/** A vector file. Its shape is the caller's word: the files are part of this repository. */
export function load(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8"));
}

/** What all Wycheproof cases have; the rest depends on the file. */
export interface WycheproofCase {
  readonly tcId: number;
  readonly result: "valid" | "invalid" | "acceptable";
}

/** All cases of a Wycheproof file. */
export function wycheproof(name: string): readonly WycheproofCase[] {
  const file = load(`wycheproof-${name}.json`) as { readonly testGroups: readonly { readonly tests: readonly WycheproofCase[] }[] };
  return file.testGroups.flatMap((group) => group.tests);
}
