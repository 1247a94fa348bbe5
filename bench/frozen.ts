import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** Throws when a file that is the yardstick is not the one that frozen.json vouches for. Gives the checksums. */
export function checkFrozen(folder: URL): Record<string, string> {
  const frozen = JSON.parse(readFileSync(new URL("frozen.json", folder), "utf8")) as Record<string, string>;
  for (const [file, expected] of Object.entries(frozen)) {
    const actual = createHash("sha256")
      .update(readFileSync(new URL(file, folder)))
      .digest("hex");
    if (actual !== expected) {
      throw new Error(
        `bench/${file} is not the frozen yardstick (SHA-256 ${actual}, expected ${expected}): figures against it mean nothing`,
      );
    }
  }
  return frozen;
}
