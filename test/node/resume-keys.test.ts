import { expect, test } from "vitest";
import { nativeEngine } from "../../src/crypto/native.ts";
import { ResumeKeys } from "../../src/node/resume-keys.ts";

const ticketOf = (id: number): Uint8Array => new Uint8Array(16).fill(id);

/** Which keys are held for Bar, in the order in which they are tried, after links that brought new ones (a number) or were made by one that was there. */
function orderAfter(...links: readonly (number | { madeBy: number; peer?: string })[]): (number | undefined)[] {
  const keys = new ResumeKeys(nativeEngine);
  for (const link of links) {
    const names = { localName: "Foo", remoteName: "Bar" };
    if (typeof link === "number")
      keys.add("Bar", {
        resume: { secret: new Uint8Array(32), ticketId: ticketOf(link) },
        ticketId: ticketOf(0),
        ...names,
      });
    else keys.add(link.peer ?? "Bar", { resume: undefined, ticketId: ticketOf(link.madeBy), ...names });
  }
  return keys.of("Bar").map(({ ticketId }) => ticketId[0]);
}

test("keys of a session are tried from the newest to the oldest, after the one that made the last link: the peer knows it", () => {
  expect(orderAfter(1, 2, 3)).toEqual([3, 2, 1]);
  expect(orderAfter(1, 2, 3, { madeBy: 1 })).toEqual([1, 3, 2]);
  expect(orderAfter(1, 2, 3, { madeBy: 1 }, { madeBy: 2 })).toEqual([2, 1, 3]);
  expect(orderAfter(1, 2, { madeBy: 1 }, 3)).toEqual([3, 1, 2]);
});

test("a link by a key that is not held any more, or by one of another peer, changes nothing", () => {
  expect(orderAfter(1, 2, { madeBy: 9 })).toEqual([2, 1]);
  expect(orderAfter(1, 2, { madeBy: 1, peer: "Baz" })).toEqual([2, 1]);
});
