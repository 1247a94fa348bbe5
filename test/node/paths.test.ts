import { expect, test } from "vitest";
import { pathOf } from "../../src/node/paths.ts";

test.each([
  ["127.0.0.1", "127.0.0.1", "lan"],
  ["192.168.1.9", "192.168.1.5", "lan"],
  ["fd00::9", "fd00:0:0:1::5", "lan"],
  ["2001:db8:1:1::9", "2001:db8:1:1:ffff::5", "lan"],
  ["2001:db8:1:1::9", "2001:db8:1:2::5", "public"],
  ["203.0.113.7", "203.0.113.8", "public"], // one of the two may be a router
  ["203.0.113.7", "192.168.1.5", "public"],
  ["192.168.1.5", "203.0.113.7", "public"],
])("a link between %s and %s is %s", (remote, local, path) => {
  expect(pathOf({ remote: { host: remote, port: 5_000 }, local: { host: local, port: 5_001 } })).toBe(path);
});
