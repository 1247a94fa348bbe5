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
    checkName(kindRule, kind, namesOf(kinds), refuse);
    for (const method of kind.methods) {
      checkName(methodRule, method, namesOf(kind.methods), refuse);
      const errors = method.errors.map(({ code, origin }) => ({ name: code, origin }));
      for (const error of errors) checkName(errorRule, error, namesOf(errors), refuse);
      checkAlike(errors, `errors of ${method.name}`, refuse);
      for (const { kind: other, origin } of method.from ?? []) {
        if (kinds.some((one) => one.name === other)) continue;
        refuse(origin, `there is no kind ${other}: from takes ${listOf(namesOf(kinds))}`);
      }
    }
    checkAlike(kind.methods, `methods of ${kind.name}`, refuse);
  }
  checkAlike(kinds, "kinds", refuse);
  checkEmittedNames(kinds, refuse);
}

type Refuse = (origin: Origin, message: string) => void;

interface Named {
  name: string;
  origin: Origin;
}

/** What is wrong with a name; `others` stand beside it. */
type NameRule = (name: string, others: readonly string[]) => string | undefined;

const kindRule: NameRule = (name, others) => {
  if (!isPascal(name))
    return `a kind is named in PascalCase, with letters from A to Z and digits: ${instead(name, others, pascalCase, kindRule)}`;
  if (RESERVED_KINDS.includes(name))
    return `a kind can't be named ${name}, that name is chatroom's own: choose another`;
  if (NETWORK_FILES.some((file) => file === name.toLowerCase()))
    return `a kind can't be named ${name}, its file would replace ${name.toLowerCase()}: choose another`;
  return undefined;
};

const methodRule: NameRule = (name, others) => {
  if (RESERVED.includes(name))
    return `a method can't be named ${name}, JavaScript gives that name a meaning: choose another`;
  if (!/^[a-z][A-Za-z0-9]*$/.test(name))
    return `a method is named in camelCase, with letters from A to Z and digits: ${instead(name, others, camelCase, methodRule)}`;
  return undefined;
};

const errorRule: NameRule = (code, others) => {
  if (RESERVED.includes(code))
    return `an error can't be named ${code}, JavaScript gives that name a meaning: choose another`;
  if (code === code.toUpperCase() && /[A-Z].*[A-Z_]/.test(code))
    return `errors in capitals are chatroom's own: ${instead(code, others, (text) => pascalCase(text.toLowerCase()), errorRule)}`;
  if (!isPascal(code))
    return `an error is named in PascalCase, with letters from A to Z and digits: ${instead(code, others, pascalCase, errorRule)}`;
  return undefined;
};

function isPascal(name: string): boolean {
  return /^[A-Z][A-Za-z0-9]*$/.test(name);
}

/** A name to write instead of that one, if it would be taken and nothing beside it is called so. */
function instead(name: string, others: readonly string[], change: (name: string) => string, rule: NameRule): string {
  const other = change(name);
  const isFree = !others.some((one) => one !== name && one.toLowerCase() === other.toLowerCase());
  const isGood = other !== name && other.length <= MAX_NAME_LENGTH && isFree && rule(other, []) === undefined;
  return isGood ? `${other} instead of ${name}` : `choose another name than ${JSON.stringify(name)}`;
}

function checkName(rule: NameRule, { name, origin }: Named, others: readonly string[], refuse: Refuse): void {
  const message = rule(name, others);
  if (message !== undefined) refuse(origin, message);
  if (name.length > MAX_NAME_LENGTH)
    refuse(origin, `a name has at most ${MAX_NAME_LENGTH} characters, this one has ${name.length}: shorten it`);
}

/** Refuses names that are equal, or that differ by case alone; both places are named. */
function checkAlike(items: readonly Named[], what: string, refuse: Refuse): void {
  const seen = new Map<string, Named>();
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

function namesOf(items: readonly { name: string }[]): string[] {
  return items.map(({ name }) => name);
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? "kinds" : names.join(", ");
}

function camelCase(name: string): string {
  const pascal = pascalCase(name);
  return `${pascal.slice(0, 1).toLowerCase()}${pascal.slice(1)}`;
}
