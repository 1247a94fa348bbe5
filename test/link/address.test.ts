import { isIPv4, isIPv6 } from "node:net";

import { expect, test } from "vitest";

import { AddressSet } from "../../src/link/address-set.ts";
import { isV4, parseAddress } from "../../src/link/address.ts";
import { seeded, seedOfRun, soak } from "../support/seeded.ts";

const hex = (text: string): string | undefined => {
  const bytes = parseAddress(text);
  return bytes && Buffer.from(bytes).toString("hex");
};

test("addresses are read in every notation", () => {
  expect(hex("1.2.3.4")).toBe("00000000000000000000ffff01020304");
  expect(hex("::ffff:1.2.3.4")).toBe(hex("1.2.3.4"));
  expect(hex("::FFFF:102:304")).toBe(hex("1.2.3.4"));
  expect(hex("::")).toBe("0".repeat(32));
  expect(hex("::1")).toBe(`${"0".repeat(31)}1`);
  expect(hex("2001:db8::ff00:42:8329")).toBe("20010db8000000000000ff0000428329");
  expect(hex("fe80::1%eth0")).toBe("fe800000000000000000000000000001");
  expect(hex("1:2:3:4:5:6:7:8")).toBe("00010002000300040005000600070008");
  expect(hex("64:ff9b::192.0.2.33")).toBe("0064ff9b0000000000000000c0000221");
});

test("whatever is no address for the system is none here", () => {
  const seed = seedOfRun();
  console.log(`addresses, seed ${seed}`);
  const chance = seeded(seed);
  const pieces = ["1", "255", "256", "0", "01", ".", ":", "::", "ffff", "abcde", "g", "1.2.3.4", "", "-1", " "];
  for (let round = 0; round < soak(20_000); round++) {
    let text = "";
    for (let count = Math.floor(chance() * 12); count >= 0; count--)
      text += pieces[Math.floor(chance() * pieces.length)];
    const isAddress = isIPv4(text) || isIPv6(text);
    if (isAddress !== (parseAddress(text) !== undefined))
      expect.fail(`${JSON.stringify(text)} is ${isAddress ? "" : "not "}an address`);
  }
});

test("IPv4 is told from IPv6", () => {
  expect(isV4(parseAddress("1.2.3.4") ?? expect.fail())).toBe(true);
  expect(isV4(parseAddress("::1.2.3.4") ?? expect.fail())).toBe(false);
});

test("a set holds addresses and subnets, in either notation", () => {
  const set = new AddressSet(["10.0.0.0/8", "192.168.1.7", "2001:db8::/33", "::ffff:172.16.0.0/108"]);
  for (const host of ["10.255.0.1", "::ffff:10.1.1.1", "192.168.1.7", "2001:db8:7fff::1", "172.31.255.255"])
    expect([host, set.has(host)]).toEqual([host, true]);
  for (const host of ["11.0.0.1", "192.168.1.8", "2001:db8:8000::1", "172.32.0.0", "::1", "room.example", ""])
    expect([host, set.has(host)]).toEqual([host, false]);
});

test("an entry that was taken out no longer counts", () => {
  const set = new AddressSet(["10.0.0.0/8", "10.1.2.3"]);
  expect(set.delete("10.0.0.0/8")).toBe(true);
  expect(set.delete("10.0.0.0/8")).toBe(false);
  expect([set.has("10.1.2.3"), set.has("10.1.2.4")]).toEqual([true, false]);
  set.add("0.0.0.0/0");
  expect([set.has("8.8.8.8"), set.has("::1")]).toEqual([true, false]);
});

test.each(["room.example", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::1/129", "10.0.0.0/", ""])(
  "%j is refused by its own name, so that a typing error does not bar nobody",
  (entry) => {
    expect(() => new AddressSet([entry])).toThrow(JSON.stringify(entry));
  },
);
