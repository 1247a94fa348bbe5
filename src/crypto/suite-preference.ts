import { type Engine, type Suite, TAG_BYTES } from "./engine.ts";

/** As long as a big record, so that the price of a cipher object does not hide the price of a byte. */
const SAMPLE_BYTES = 16_384;
const SAMPLES = 12;

/** ChaCha20-Poly1305 goes first only when it is clearly faster: with AES hardware the two come close on a busy machine. */
const CLEARLY = 1.25;

/**
 * Both suites, the faster one first. Takes a few milliseconds.
 * @param now milliseconds, of a fine and monotonic clock.
 */
export function preferredSuites(engine: Engine, now: () => number): readonly Suite[] {
  const chacha = bestTimeMs(engine, 1, now);
  const aes = bestTimeMs(engine, 2, now);
  return aes <= chacha * CLEARLY ? [2, 1] : [1, 2];
}

/** The best of several: whatever else runs on the machine can only make a sample slower. */
function bestTimeMs(engine: Engine, suite: Suite, now: () => number): number {
  const aead = engine.aead(suite, new Uint8Array(32));
  const nonce = new Uint8Array(12);
  const sample = [new Uint8Array(SAMPLE_BYTES)];
  const out = new Uint8Array(SAMPLE_BYTES + TAG_BYTES);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < SAMPLES; i++) {
    // The same bytes under the same key each time: nothing of it is sent.
    const before = now();
    aead.seal(nonce, nonce, sample, out, 0);
    best = Math.min(best, now() - before);
  }
  return best;
}
