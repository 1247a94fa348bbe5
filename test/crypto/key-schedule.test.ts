import { describe, expect, test } from "vitest";
import { calculateISK } from "../../src/crypto/cpace.ts";
import { hkdfExpand, hkdfExtract } from "../../src/crypto/hkdf.ts";
import { confirmation, linkSecrets, resumeKey, transcriptHash } from "../../src/crypto/key-schedule.ts";
import { crp1, type Side } from "../vectors/crp1.ts";
import { hex, toHex } from "../vectors/load.ts";
import { engines } from "./engines.ts";

/** Every side of every run, with the scalar and the other's point that lead to its K. */
const sides: (readonly [string, Side, ya: string | undefined, yb: string | undefined])[] = crp1.runs.flatMap((run) => [
  ...(run.handshake ? [[run.name, run.handshake, run.input.ya, run.input.yb] as const] : []),
  ...(run.initiator ? [[`${run.name}, initiator`, run.initiator, run.input.ya, undefined] as const] : []),
  ...(run.responder ? [[`${run.name}, responder`, run.responder, undefined, run.input.yb] as const] : []),
]);

for (const engine of engines) {
  describe(`${engine.name} engine`, () => {
    test("agrees with K, ISK, th, prk, both tags and the chain of every run", () => {
      for (const [name, side, ya, yb] of sides) {
        const { Ya, Yb, ADa, ADb } = side;
        const message = `run: ${name}`;
        if (ya !== undefined) expect(engine.scalar(hex(ya)).times(engine.point(hex(Yb))), message).toEqual(hex(side.K));
        if (yb !== undefined) expect(engine.scalar(hex(yb)).times(engine.point(hex(Ya))), message).toEqual(hex(side.K));
        const ISK = calculateISK(
          engine,
          new Uint8Array(0),
          hex(side.K),
          { Y: hex(Ya), AD: hex(ADa) },
          { Y: hex(Yb), AD: hex(ADb) },
        );
        expect(toHex(ISK), message).toBe(side.ISK);
        const th = transcriptHash(engine, hex(ADa + Ya), hex(ADb + Yb));
        expect(toHex(th), message).toBe(side.th);
        const prk = hkdfExtract(engine, th, ISK);
        expect(toHex(prk), message).toBe(side.prk);
        expect(toHex(hkdfExpand(engine, prk, "CRP1 confirm responder", 64)), message).toBe(side.kTb);
        expect(toHex(hkdfExpand(engine, prk, "CRP1 confirm initiator", 64)), message).toBe(side.kTa);
        const { Tb, Ta, chain } = confirmation(engine, th, ISK);
        expect([toHex(Tb), toHex(Ta), toHex(chain)], message).toEqual([side.Tb, side.Ta, side.chain]);
        expect(
          ISK.every((byte) => byte === 0),
          "ISK is wiped",
        ).toBe(true);
      }
      expect(sides.length).toBe(31);
    });

    test("agrees with the link's name, its four secrets, their keys and the resume key of every run that has them", () => {
      let runs = 0;
      let resumes = 0;
      for (const { keys, name } of crp1.runs) {
        if (keys === undefined) continue;
        runs++;
        const secrets = linkSecrets(engine, hex(keys.master));
        expect(toHex(secrets.linkId), name).toBe(keys.sessionId);
        for (const [secret, expected] of [
          [secrets.i2r.records, keys.i2r],
          [secrets.r2i.records, keys.r2i],
          [secrets.i2r.boxes, keys.sealedI2r],
          [secrets.r2i.boxes, keys.sealedR2i],
        ] as const) {
          expect(toHex(secret), name).toBe(expected.S);
          expect(toHex(hkdfExpand(engine, secret, "CRP1 key", 32)), name).toBe(expected.key);
        }
        if (keys.resume === undefined) continue;
        resumes++;
        const resume = resumeKey(engine, hex(keys.master));
        expect([toHex(resume.secret), toHex(resume.ticketId)], name).toEqual([
          keys.resume.secret,
          keys.resume.ticketId,
        ]);
      }
      expect([runs, resumes]).toEqual([24, 22]);
    });
  });
}
