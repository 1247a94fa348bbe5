import { describe, expect, test } from "vitest";
import { checkNames } from "../../codegen/src/check.ts";
import { type Kind, type Method, NOTHING, type Origin } from "../../codegen/src/model.ts";
import type { Problem } from "../../codegen/src/problem.ts";

const LONG = `a${"b".repeat(64)}`;

/** Every name at a line of its own: the lines of the messages tell which names they are about. */
function networkOf(kinds: Readonly<Record<string, readonly (string | [name: string, errors: string[]])[]>>): Kind[] {
  let line = 0;
  const origin = (file: string): Origin => {
    const spot = { line: ++line, column: 1 };
    return { file: `/schemas/${file}.ts`, key: { start: spot, end: spot }, whole: { start: spot, end: spot } };
  };
  const nothing = { sent: NOTHING, parsed: NOTHING };
  return Object.entries(kinds).map(([name, methods]) => ({
    name: name.replace(/#.*$/, ""),
    doc: undefined,
    origin: origin(name),
    words: [],
    types: [],
    methods: methods.map((method): Method => {
      const [own, codes] = typeof method === "string" ? [method, []] : method;
      const at = origin(name);
      const errors = codes.map((code) => ({ code, data: nothing, doc: undefined, origin: origin(name) }));
      return {
        word: "get",
        name: own,
        doc: undefined,
        origin: at,
        input: nothing,
        output: nothing,
        errors,
        schemas: { input: undefined, output: undefined, errors: {} },
        from: undefined,
        fromNames: undefined,
      };
    }),
  }));
}

/** `line: message` of every problem. */
function told(kinds: Parameters<typeof networkOf>[0]): string[] {
  const problems: Problem[] = [];
  checkNames(networkOf(kinds), problems);
  return problems.map(({ line, message }) => `${line}: ${message}`);
}

test("names that look like words of the API are fine as methods, for they live under a word", () => {
  const methods = [
    "any",
    "all",
    "named",
    "get",
    "try",
    "send",
    "name",
    "delete",
    "kind",
    "path",
    "fail",
    "class",
    "a1",
  ];
  expect(told({ Bar: methods, User: ["user"], Call: [], Peers: [], A: [["b", ["C", "NotFound", "E2"]]] })).toEqual([]);
});

test("kinds may be called what chatroom calls its programs, and be Foo beside FooServer: no two types get one name", () => {
  expect(told({ Server: ["server"], Servers: [], Client: ["connect"], Foo: ["server"], FooServer: [] })).toEqual([]);
});

describe("how names look", () => {
  test.each([
    ["bar", "a kind is named in PascalCase, with letters from A to Z and digits: Bar instead of bar"],
    ["_Bar", "a kind is named in PascalCase, with letters from A to Z and digits: Bar instead of _Bar"],
    ["$", 'a kind is named in PascalCase, with letters from A to Z and digits: choose another name than "$"'],
    ["Foo_bar", "a kind is named in PascalCase, with letters from A to Z and digits: FooBar instead of Foo_bar"],
    ["Zoé", "a kind is named in PascalCase, with letters from A to Z and digits: Zoe instead of Zoé"],
    ["Ünder", "a kind is named in PascalCase, with letters from A to Z and digits: Under instead of Ünder"],
    ["room", 'a kind is named in PascalCase, with letters from A to Z and digits: choose another name than "room"'],
    ["Room", "a kind can't be named Room, that name is chatroom's own: choose another"],
    ["Any", "a kind can't be named Any, that name is chatroom's own: choose another"],
    ["AnyKind", "a kind can't be named AnyKind, that name is chatroom's own: choose another"],
    ["Network", "a kind can't be named Network, its file would replace network: choose another"],
    ["Index", "a kind can't be named Index, its file would replace index: choose another"],
    [LONG.replace("a", "A"), "a name has at most 64 characters, this one has 65: shorten it"],
  ])("the kind %s is refused", (name, message) => {
    expect(told({ [name]: [] })).toEqual([`1: ${message}`]);
  });

  test.each([
    ["Find", "a method is named in camelCase, with letters from A to Z and digits: find instead of Find"],
    ["find_one", "a method is named in camelCase, with letters from A to Z and digits: findOne instead of find_one"],
    ["$get", "a method is named in camelCase, with letters from A to Z and digits: get instead of $get"],
    ["1st", 'a method is named in camelCase, with letters from A to Z and digits: choose another name than "1st"'],
    ["", 'a method is named in camelCase, with letters from A to Z and digits: choose another name than ""'],
    ["2fast", 'a method is named in camelCase, with letters from A to Z and digits: choose another name than "2fast"'],
    ["ü", "a method is named in camelCase, with letters from A to Z and digits: u instead of ü"],
    ["größe", 'a method is named in camelCase, with letters from A to Z and digits: choose another name than "größe"'],
    ["a-b", "a method is named in camelCase, with letters from A to Z and digits: aB instead of a-b"],
    [
      "to_string",
      'a method is named in camelCase, with letters from A to Z and digits: choose another name than "to_string"',
    ],
    ["then", "a method can't be named then, JavaScript gives that name a meaning: choose another"],
    ["__proto__", "a method can't be named __proto__, JavaScript gives that name a meaning: choose another"],
    ["toString", "a method can't be named toString, JavaScript gives that name a meaning: choose another"],
    [LONG, "a name has at most 64 characters, this one has 65: shorten it"],
  ])("the method %s is refused", (name, message) => {
    expect(told({ Bar: [name] })).toEqual([`2: ${message}`]);
  });

  test("what is suggested is none of the names beside it", () => {
    const rule = "a method is named in camelCase, with letters from A to Z and digits";
    expect(told({ Bar: ["find_one", "findOne"] })).toEqual([`2: ${rule}: choose another name than "find_one"`]);
  });

  test.each([
    ["TIMEOUT", "errors in capitals are chatroom's own: Timeout instead of TIMEOUT"],
    ["NOT_FOUND", "errors in capitals are chatroom's own: NotFound instead of NOT_FOUND"],
    ["ACCÈS", "errors in capitals are chatroom's own: Acces instead of ACCÈS"],
    ["Ä1", "an error is named in PascalCase, with letters from A to Z and digits: A1 instead of Ä1"],
    ["notFound", "an error is named in PascalCase, with letters from A to Z and digits: NotFound instead of notFound"],
    ["constructor", "an error can't be named constructor, JavaScript gives that name a meaning: choose another"],
  ])("the declared error %s is refused", (code, message) => {
    expect(told({ Bar: [["find", [code]]] })).toEqual([`3: ${message}`]);
  });
});

describe("clashes are told at both places", () => {
  test("two names of a kind that are equal, under whatever word, or differ by case alone", () => {
    expect(told({ Bar: ["find", "other", "find", "oTher"] })).toEqual([
      "2: two methods of Bar have the same name, find and find: rename one",
      "4: two methods of Bar have the same name, find and find: rename one",
      "3: two methods of Bar differ by case alone, other and oTher: rename one",
      "5: two methods of Bar differ by case alone, other and oTher: rename one",
    ]);
  });

  test("two kinds that differ by case alone, whose files would be one on some disks", () => {
    const message = "two kinds differ by case alone, FooBar and Foobar: rename one";
    expect(told({ FooBar: [], Foobar: [] })).toEqual([`1: ${message}`, `2: ${message}`]);
  });

  test("two errors of a method that differ by case alone", () => {
    const message = "two errors of find differ by case alone, NotFound and Notfound: rename one";
    expect(told({ Bar: [["find", ["NotFound", "Notfound"]]] })).toEqual([`3: ${message}`, `4: ${message}`]);
  });

  test("methods of two kinds whose types would get one name", () => {
    const message = "Foo.barGet and FooBar.get would both be given the name FooBarGetInput: rename one";
    expect(told({ Foo: ["barGet"], FooBar: ["get"] })).toEqual([`2: ${message}`, `4: ${message}`]);
  });

  test("two kinds one of which is named like a type of the other", () => {
    const message = "the kind Foo and the kind FooAll would both be given the name FooAllGet: rename one";
    expect(told({ Foo: [], FooAll: [] })).toEqual([`1: ${message}`, `2: ${message}`]);
  });
});
