import { expect, test } from "vitest";
import { environmentWith } from "../../src/link/environment.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { AddressWatch } from "../../src/user/address-watch.ts";

test("who watches the addresses of this machine is told within two seconds, once for each change, and no more after close", () => {
  const clock = new ManualClock();
  let held = ["10.0.0.1"];
  let changes = 0;
  const watch = new AddressWatch(environmentWith({ clock, addresses: () => held }, undefined), () => changes++);
  held = ["10.0.0.2"];
  watch.start();
  clock.advance(10_000);
  expect(changes).toBe(0);
  for (const now of [["10.0.0.2", "fd00::1"], ["fd00::1"], []]) {
    held = now;
    const before = changes;
    clock.advance(2_000);
    expect(changes).toBe(before + 1);
    watch.start(); // at each join
    clock.advance(10_000);
    expect(changes).toBe(before + 1);
  }
  held = ["10.0.0.3"];
  watch.close();
  clock.advance(10_000);
  expect([changes, clock.pending]).toEqual([3, 0]);
});
