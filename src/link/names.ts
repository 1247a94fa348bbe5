/** The longest name, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 64;

/** Why a text can't be a name, as a clear sentence, or undefined when it can: 1..64 bytes of NFC without Cc, Cf, Zl, Zp, surrogates and outer spaces. */
export function problemOfName(name: string): string | undefined {
  throw new Error(`not yet ${name}`);
}
