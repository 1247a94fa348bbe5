import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { limitsOption } from "../../src/base/limits-option.ts";
import { nearest } from "../../src/base/nearest.ts";

const refused = (option: unknown): string => {
  try {
    limitsOption(option as never);
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as Error).message;
  }
  throw new Error("it was accepted");
};

test("some limits of some groups change, and the defaults stay what they are", () => {
  const before = structuredClone(DEFAULT_LIMITS);
  const limits = limitsOption({ admission: { unproven: 128 }, room: { joinMs: undefined }, link: undefined });
  expect(limits).toEqual({ ...before, admission: { ...before.admission, unproven: 128 } });
  expect(DEFAULT_LIMITS).toEqual(before);
  expect(limitsOption(undefined)).toBe(DEFAULT_LIMITS);
});

test("a group or limit that does not exist is refused, and the nearest one is named", () => {
  expect(refused({ admision: {} })).toBe("limits.admision: there is no such group; did you mean limits.admission?");
  expect(refused({ admission: { unprovenPerSorce: 1 } })).toBe(
    "limits.admission.unprovenPerSorce: there is no such limit; did you mean limits.admission.unprovenPerSource?",
  );
  expect(refused({ room: { holderms: 1 } })).toContain("did you mean limits.room.holderMs?");
  for (const name of ["constructor", "toString", "__proto__"]) {
    expect(refused(JSON.parse(`{"${name}": {}}`))).toContain("no such group");
    expect(refused({ room: JSON.parse(`{"${name}": 1}`) as object })).toContain("no such limit");
  }
});

test("what is no number, or a part of the protocol, is refused", () => {
  for (const value of ["5", null, Number.NaN, Infinity, -1, true, [1], 5n])
    expect(refused({ room: { joinMs: value } })).toMatch(/^limits\.room\.joinMs must be a number, 0 or above, not /);
  expect(refused({ room: { joinMs: 2 ** 31 } })).toBe(
    "limits.room.joinMs must be at most 2147483647 milliseconds, not 2147483648",
  );
  expect(refused({ room: 5 })).toMatch(/^limits\.room must be an object/);
  expect(refused("strict")).toMatch(/^limits must be an object.*not "strict"$/);
  expect(refused([])).toMatch(/^limits must be an object.*not a list$/);
  for (const group of ["wire", "values"])
    expect(refused({ [group]: {} })).toBe(
      `limits.${group} is a part of the protocol, on which both ends must agree; it can't be set`,
    );
});

test("the nearest word is the one with the fewest letters to change", () => {
  expect(nearest("helo", ["hall", "hello", "help"])).toBe("hello");
  expect(nearest("LINKS", ["link", "links", "lines"])).toBe("links");
  expect(nearest("", ["ab", "a"])).toBe("a");
  expect(nearest("x", [])).toBeUndefined();
});
