import { type Kind, type Method, type Origin, type Type, typesOf } from "./model.ts";
import { allNamesOf, NETWORK_FILES, NETWORK_NAMES, pascalCase, RUNTIME_NAMES } from "./names.ts";
import type { Problem } from "./problem.ts";
import { partsOf } from "./type-algebra.ts";

const MAX_NAME_LENGTH = 64;

/** Names that JavaScript itself looks for in objects. */
const RESERVED = [
  "then",
  "constructor",
  "prototype",
  "__proto__",
  "toString",
  "toLocaleString",
  "valueOf",
  "toJSON",
  "hasOwnProperty",
  "isPrototypeOf",
  "propertyIsEnumerable",
];

/** Kinds whose generated names would be those of chatroom. */
const RESERVED_KINDS = ["Any", "AnyKind", "Room"];

/** Every rule about names: what they look like, which are taken, which clash. */
export function checkNames(kinds: readonly Kind[], problems: Problem[]): void {
  const refuse = (origin: Origin, message: string) => {
    problems.push({ file: origin.file, ...origin.key.start, message });
  };
  for (const kind of kinds) {
    checkKindName(kind, refuse);
    for (const method of kind.methods) {
      checkMethodName(method, refuse);
      for (const error of method.errors) checkErrorCode(error.code, error.origin, refuse);
      checkAlike(
        method.errors.map(({ code, origin }) => ({ name: code, origin })),
        `errors of ${method.name}`,
        refuse,
      );
      for (const { kind: other, origin } of method.from ?? []) {
        if (kinds.some((one) => one.name === other)) continue;
        refuse(origin, `there is no kind ${other}: from takes ${listOf(kinds.map((one) => one.name))}`);
      }
    }
    checkAlike(kind.methods, `methods of ${kind.name}`, refuse);
  }
  checkAlike(kinds, "kinds", refuse);
  checkEmittedNames(kinds, refuse);
}

type Refuse = (origin: Origin, message: string) => void;

function checkKindName({ name, origin }: Kind, refuse: Refuse): void {
  if (!/^[A-Z][A-Za-z0-9]*$/.test(name)) {
    refuse(origin, `a kind is named in PascalCase, with letters and digits: ${pascalCase(name)} instead of ${name}`);
  } else if (RESERVED_KINDS.includes(name)) {
    refuse(origin, `a kind can't be named ${name}, that name is chatroom's own: choose another`);
  } else if (NETWORK_FILES.some((file) => file === name.toLowerCase())) {
    refuse(origin, `a kind can't be named ${name}, its file would replace ${name.toLowerCase()}: choose another`);
  }
  checkLength(name, origin, refuse);
}

function checkMethodName({ name, origin }: Method, refuse: Refuse): void {
  if (RESERVED.includes(name)) {
    refuse(origin, `a method can't be named ${name}, JavaScript gives that name a meaning: choose another`);
  } else if (!/^[a-z][A-Za-z0-9]*$/.test(name)) {
    refuse(origin, `a method is named in camelCase, with letters and digits: ${camelCase(name)} instead of ${name}`);
  }
  checkLength(name, origin, refuse);
}

function checkErrorCode(code: string, origin: Origin, refuse: Refuse): void {
  if (RESERVED.includes(code)) {
    refuse(origin, `an error can't be named ${code}, JavaScript gives that name a meaning: choose another`);
  } else if (code === code.toUpperCase() && /[A-Z].*[A-Z_]/.test(code)) {
    refuse(origin, `errors in capitals are chatroom's own: ${pascalCase(code.toLowerCase())} instead of ${code}`);
  } else if (!/^[A-Z][A-Za-z0-9]*$/.test(code)) {
    refuse(origin, `an error is named in PascalCase, with letters and digits: ${pascalCase(code)} instead of ${code}`);
  }
  checkLength(code, origin, refuse);
}

function checkLength(name: string, origin: Origin, refuse: Refuse): void {
  if (name.length <= MAX_NAME_LENGTH) return;
  refuse(origin, `a name has at most ${MAX_NAME_LENGTH} characters, this one has ${name.length}: shorten it`);
}

/** Refuses names that are equal, or that differ by case alone; both places are named. */
function checkAlike(items: readonly { name: string; origin: Origin }[], what: string, refuse: Refuse): void {
  const seen = new Map<string, { name: string; origin: Origin }>();
  for (const item of items) {
    const before = seen.get(item.name.toLowerCase());
    if (before === undefined) {
      seen.set(item.name.toLowerCase(), item);
      continue;
    }
    const how = before.name === item.name ? "have the same name" : "differ by case alone";
    for (const { origin } of [before, item])
      refuse(origin, `two ${what} ${how}, ${before.name} and ${item.name}: rename one`);
  }
}

/** Refuses kinds and methods whose generated names would be equal; both places are named. */
function checkEmittedNames(kinds: readonly Kind[], refuse: Refuse): void {
  const taken = new Map<string, { kind: Kind; method: Method | undefined } | undefined>();
  for (const name of [...NETWORK_NAMES, ...RUNTIME_NAMES]) taken.set(name, undefined);
  const told = new Set<string>();
  for (const kind of kinds.filter(({ name }) => !RESERVED_KINDS.includes(name))) {
    checkImports(kind, refuse);
    for (const { name, method } of allNamesOf(kind)) {
      const before = taken.get(name);
      const isTaken = taken.has(name);
      taken.set(name, before ?? { kind, method });
      // Kinds of one name, and methods of one name in a kind, are told already.
      if (!isTaken || before?.kind.name === kind.name) continue;
      const pair = `${describe(kind, method)} ${before ? describe(before.kind, before.method) : ""}`;
      if (told.has(pair)) continue;
      told.add(pair);
      const origin = method?.origin ?? kind.origin;
      if (before === undefined) {
        refuse(origin, `${describe(kind, method)} would be given the name ${name}, which is chatroom's own: rename it`);
        continue;
      }
      const both = `${describe(before.kind, before.method)} and ${describe(kind, method)} would both be given the name ${name}: rename one`;
      refuse(before.method?.origin ?? before.kind.origin, both);
      refuse(origin, both);
    }
  }
}

/** Refuses types of the project that are named like what stands in the generated file. */
function checkImports(kind: Kind, refuse: Refuse): void {
  const from = new Map<string, string>();
  const note = (type: Type): void => {
    if (type.kind === "reference" && type.from !== undefined) {
      const [name = ""] = type.name.split(".");
      const other = from.get(name);
      const isOwn = [...NETWORK_NAMES, ...RUNTIME_NAMES, ...allNamesOf(kind).map((one) => one.name)].some(
        (one) => one === name,
      );
      if (isOwn || (other !== undefined && other !== type.from))
        refuse(
          kind.origin,
          `two types of ${kind.name} would both be named ${name}, one of them from ${type.from}: rename that one`,
        );
      from.set(name, other ?? type.from);
    }
    for (const part of partsOf(type)) note(part);
  };
  for (const type of typesOf(kind)) note(type);
}

function describe(kind: Kind, method: Method | undefined): string {
  return method === undefined ? `the kind ${kind.name}` : `${kind.name}.${method.name}`;
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? "kinds" : names.join(", ");
}

function camelCase(name: string): string {
  const pascal = pascalCase(name);
  return `${pascal.slice(0, 1).toLowerCase()}${pascal.slice(1)}`;
}
