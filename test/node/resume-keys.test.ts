import { expect, test } from "vitest";
import { nativeEngine } from "../../src/crypto/native.ts";
import { ResumeKeys } from "../../src/node/resume-keys.ts";

const ticketOf = (id: number): Uint8Array => new Uint8Array(16).fill(id);

interface Came {
  readonly peer?: string;
  /** The link brought this key, or was made by one that was there. */
  readonly brings?: number;
  readonly madeBy?: number;
}

/** Which keys are held for each peer, in the order in which they are tried. */
function orderAfter(...links: readonly Came[]): Record<"Bar" | "Baz", (number | undefined)[]> {
  const keys = new ResumeKeys(nativeEngine);
  for (const { peer = "Bar", brings, madeBy = 0 } of links) {
    const resume = brings === undefined ? undefined : { secret: new Uint8Array(32), ticketId: ticketOf(brings) };
    keys.add(peer, { resume, ticketId: ticketOf(madeBy), localName: "Foo", remoteName: peer });
  }
  const orderOf = (peer: string): (number | undefined)[] => keys.of(peer).map(({ ticketId }) => ticketId[0]);
  return { Bar: orderOf("Bar"), Baz: orderOf("Baz") };
}

const THREE: readonly Came[] = [{ brings: 1 }, { brings: 2 }, { brings: 3 }];

test("keys of a session are tried from the newest to the oldest, after the one that made the last link: the peer knows it", () => {
  expect(orderAfter(...THREE).Bar).toEqual([3, 2, 1]);
  expect(orderAfter(...THREE, { madeBy: 1 }).Bar).toEqual([1, 3, 2]);
  expect(orderAfter(...THREE, { madeBy: 1 }, { madeBy: 2 }).Bar).toEqual([2, 1, 3]);
  expect(orderAfter(...THREE, { madeBy: 1 }, { brings: 4 }).Bar).toEqual([4, 1, 3, 2]);
});

test("a link by a key that is not held any more, or by one of another peer, changes nothing", () => {
  expect(orderAfter(...THREE, { madeBy: 9 }).Bar).toEqual([3, 2, 1]);
  const baz = [7, 8].map((brings) => ({ peer: "Baz", brings }));
  expect(orderAfter(...THREE, ...baz, { peer: "Baz", madeBy: 1 })).toEqual({ Bar: [3, 2, 1], Baz: [8, 7] });
});
