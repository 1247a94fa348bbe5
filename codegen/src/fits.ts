/** Whether all that one shape lets a sender pass is let in by another one: the question behind every change of a schema. */
import { breaking, type Finding, lessSure, risky, weight } from "./finding.ts";
import { bounds, checks, fitValue, rules, steps } from "./fit-checks.ts";
import { type Bounds, type Shape, type Shapes, textOfValue } from "./shape.ts";
import { fieldOf, isAnything, isOneOf, type Kind, mayShare, nameOf } from "./shape-values.ts";

/** What may go wrong with what `sent` lets through where `received` is expected; nothing: all of it is let in. `isInput`: what is dropped mattered to somebody. */
export function fits(sent: Shapes, received: Shapes, isInput: boolean): Finding[] {
  return new Fitting(sent.cycles, received.cycles, isInput).fit(sent.shape, received.shape, "");
}

class Fitting {
  readonly #sentCycles: readonly Shape[];
  readonly #receivedCycles: readonly Shape[];
  readonly #isInput: boolean;
  /** Pairs that contain themselves and are being compared: they fit unless something else in them does not. */
  readonly #assumed = new Set<string>();

  constructor(sentCycles: readonly Shape[], receivedCycles: readonly Shape[], isInput: boolean) {
    this.#sentCycles = sentCycles;
    this.#receivedCycles = receivedCycles;
    this.#isInput = isInput;
  }

  fit(sent: Shape, received: Shape, path: string): Finding[] {
    if (sent.kind === "same" || received.kind === "same") {
      const key = `${JSON.stringify(sent)} ${JSON.stringify(received)}`;
      if (this.#assumed.has(key)) return [];
      this.#assumed.add(key);
      const one = sent.kind === "same" ? (this.#sentCycles[sent.as] as Shape) : sent;
      const other = received.kind === "same" ? (this.#receivedCycles[received.as] as Shape) : received;
      return this.fit(one, other, path);
    }
    if (sent.kind === "never") return [];
    if (sent.kind === "union") {
      const plain = { ...received };
      delete plain.later;
      if (plain.kind === "union" && isOneOf(sent, plain)) delete plain.exclusive;
      const found = sent.options.flatMap((option) => this.fit(also(option, sent), plain, path));
      return [...found, ...steps(sent, received, path)];
    }
    return [...this.#fitKind(sent, received, path), ...checks(sent, received, path), ...steps(sent, received, path)];
  }

  #fitKind(sent: Shape, received: Shape, path: string): Finding[] {
    if (received.kind === "unknown") return this.#fitCoerced(sent, received, path);
    if (received.kind === "intersection")
      return mergeObjects(received.parts.map((part) => this.#resolve(part))).flatMap((part) =>
        this.fit(sent, part, path),
      );
    if (received.kind === "union") return this.#fitUnion(sent, received, path);
    if (sent.kind === "intersection") return this.#fitParts(sent, received, path);
    if (sent.kind === "values") return sent.values.flatMap((value) => fitValue(value, received, path));
    if (sent.kind === "boolean" && received.kind === "values")
      return ["true", "false"].flatMap((value) => fitValue(value, received, path));
    const { kind } = sent;
    switch (received.kind) {
      case "string":
        if (kind === "template") return [...bounds({}, received, path), ...rules({ kind: "string" }, received, path)];
        break;
      case "array":
        if (kind === "tuple") return this.#tupleAsArray(sent, received, path);
        if (kind === "array")
          return [...bounds(sent, received, path), ...this.fit(sent.element, received.element, `${path}[]`)];
        break;
      case "set":
        if (kind === "set")
          return [...bounds(sent, received, path), ...this.fit(sent.element, received.element, `${path}[]`)];
        break;
      case "map":
        if (kind === "map")
          return [
            ...bounds(sent, received, path),
            ...this.fit(sent.key, received.key, `${path} (key)`),
            ...this.fit(sent.value, received.value, `${path}[]`),
          ];
        break;
      case "tuple":
        if (kind === "tuple") return this.#fitTuple(sent, received, path);
        break;
      case "object":
        if (kind === "object") return this.#fitObject(sent, received, path);
        if (kind === "record") return this.#recordAsObject(sent, received, path);
        break;
      case "record":
        if (kind === "record") return this.#fitRecord(sent, received, path);
        if (kind === "object") return this.#objectAsRecord(sent, received, path);
        break;
      case "template":
        if (kind === "template" && sent.pattern === received.pattern) return [];
        break;
      case "instance":
        if (kind === "instance" && sent.name === received.name) return [];
        break;
      case "custom":
        return [];
    }
    if (kind !== received.kind || kind === "template" || kind === "instance")
      return [breaking(path, `${nameOf(received)} is expected, ${nameOf(sent)} may be sent`)];
    return [...bounds(sent as Bounds, received as Bounds, path), ...rules(sent, received, path)];
  }

  /** What is of the type already is coerced to itself. */
  #fitCoerced(sent: Shape, { becomes }: Kind<"unknown">, path: string): Finding[] {
    if (becomes === undefined) return [];
    return this.fit(sent.kind === "unknown" && sent.becomes ? sent.becomes : sent, becomes, path);
  }

  #resolve(received: Shape): Shape {
    return received.kind === "same" ? (this.#receivedCycles[received.as] as Shape) : received;
  }

  #fitUnion(sent: Shape, received: Kind<"union">, path: string): Finding[] {
    if (sent.kind === "values" && sent.values.length > 1)
      return sent.values.flatMap((value) => this.#fitUnion({ ...sent, values: [value] }, received, path));
    if (sent.kind === "boolean" && !received.options.some(({ kind }) => kind === "boolean" || kind === "unknown"))
      return this.#fitUnion({ kind: "values", values: ["true", "false"] }, received, path);
    const all = received.options.map((option) => {
      // What an option assumes of shapes within themselves holds for that option alone.
      const before = new Set(this.#assumed);
      const found = this.fit(sent, option, path);
      if (found.length > 0) {
        this.#assumed.clear();
        for (const key of before) this.#assumed.add(key);
      }
      return found;
    });
    const fitting = all.filter((found) => found.length === 0);
    if (fitting.length > 0) {
      const sharing = received.options.filter((option) => mayShare(sent, option));
      return received.exclusive && sharing.length > 1
        ? [risky(path, "more than one of the options may take it, and it is refused then")]
        : [];
    }
    const sameKind = all.filter((_, at) => received.options[at]?.kind === sent.kind);
    const best = (sameKind.length > 0 ? sameKind : all).toSorted((a, b) => weight(a) - weight(b))[0] ?? [];
    return sameKind.length > 0 ? best : [breaking(path, `${nameOf(sent)} may be sent, which is none of the options`)];
  }

  /** What satisfies all parts fits where one of them fits, or where objects do that have the fields of all of them. */
  #fitParts(sent: Kind<"intersection">, received: Shape, path: string): Finding[] {
    const parts = sent.parts.map((part) => (part.kind === "same" ? (this.#sentCycles[part.as] as Shape) : part));
    const all = [...mergeObjects(parts), ...parts].map((part) => this.fit(also(part, sent), received, path));
    return all.toSorted((a, b) => weight(a) - weight(b))[0] ?? [];
  }

  #fitTuple(sent: Kind<"tuple">, received: Kind<"tuple">, path: string): Finding[] {
    const found: Finding[] = [];
    for (let at = 0; at < Math.max(sent.items.length, received.items.length); at++) {
      const [mine, its] = [sent.items[at], received.items[at]];
      const here = `${path}[${at}]`;
      if (mine === undefined) {
        if (its !== undefined && !its.optional) found.push(breaking(here, "is expected, and is not sent"));
        else if (its !== undefined && sent.rest) found.push(...this.fit(sent.rest, its.shape, here));
        continue;
      }
      const target = its?.shape ?? received.rest;
      if (target === undefined) found.push(breaking(here, "may be sent, and is one item too many"));
      else found.push(...this.fit(mine.shape, target, here));
      if (its !== undefined && !its.optional && mine.optional)
        found.push(breaking(here, "is expected, and may be left out"));
    }
    if (sent.rest && !received.rest) found.push(breaking(path, "more items may be sent than are expected"));
    else if (sent.rest && received.rest) found.push(...this.fit(sent.rest, received.rest, `${path}[]`));
    return found;
  }

  #tupleAsArray(sent: Kind<"tuple">, received: Kind<"array">, path: string): Finding[] {
    const least = sent.items.filter(({ optional }) => !optional).length;
    const lengths: Bounds = { min: least, ...(sent.rest ? {} : { max: sent.items.length }) };
    const items = [...sent.items.map(({ shape }) => shape), ...(sent.rest ? [sent.rest] : [])];
    return [
      ...bounds(lengths, received, path),
      ...items.flatMap((item, at) => this.fit(item, received.element, `${path}[${at}]`)),
    ];
  }

  #fitObject(sent: Kind<"object">, received: Kind<"object">, path: string): Finding[] {
    const found: Finding[] = [];
    const others = sent.others === "refused" ? undefined : sent.others;
    for (const [name, its] of Object.entries(received.fields)) {
      const mine = fieldOf(sent, name);
      const here = `${path}.${name}`;
      if (mine === undefined) {
        if (!its.optional) found.push(breaking(here, "is required, and is not sent"));
        else if (others) found.push(...this.fit(others, its.shape, here).map(lessSure));
        else if (its.shape.later) found.push(...steps({ kind: "undefined" }, its.shape, here));
        continue;
      }
      if (!its.optional && mine.optional) found.push(breaking(here, "is required, and may be left out"));
      found.push(...this.fit(mine.shape, its.shape, here));
    }
    for (const [name, mine] of Object.entries(sent.fields)) {
      if (fieldOf(received, name)) continue;
      const here = `${path}.${name}`;
      if (received.others === "refused") found.push(breaking(here, "may be sent, and unknown keys are refused"));
      else if (received.others !== undefined) found.push(...this.fit(mine.shape, received.others, here));
      else if (this.#isInput) found.push(risky(here, "is dropped: it is no longer read"));
    }
    if (others === undefined) {
      // Typed senders pass no others, but nothing kept them from it.
      const isOpen = received.others === undefined || (received.others !== "refused" && isAnything(received.others));
      return sent.others === "refused" || isOpen
        ? found
        : [...found, risky(path, "keys that nobody declared were dropped, and may be refused now")];
    }
    if (received.others === "refused") found.push(breaking(path, "other keys may be sent, and are refused"));
    else if (received.others !== undefined) found.push(...this.fit(others, received.others, `${path}[]`));
    else if (this.#isInput) found.push(risky(path, "other keys are dropped: they are no longer read"));
    return found;
  }

  #recordAsObject(sent: Kind<"record">, received: Kind<"object">, path: string): Finding[] {
    const keys = sent.key.kind === "values" ? sent.key.values.map((key) => String(JSON.parse(key))) : undefined;
    const fields = keys?.map((key) => [key, { shape: sent.value, optional: sent.partial }] as const) ?? [];
    const others = sent.loose ? ({ kind: "unknown" } as const) : keys === undefined ? sent.value : "refused";
    return this.#fitObject({ kind: "object", fields: Object.fromEntries(fields), others }, received, path);
  }

  #objectAsRecord(sent: Kind<"object">, received: Kind<"record">, path: string): Finding[] {
    const found = Object.entries(sent.fields).flatMap(([name, { shape }]) => [
      ...this.#fitKey(name, received.key, `${path}.${name}`),
      ...this.fit(shape, received.value, `${path}.${name}`),
    ]);
    if (sent.others === undefined) {
      if (received.key.kind !== "string" || !isAnything(received.value))
        found.push(risky(path, "keys that nobody declared were dropped, and may be refused now"));
    } else if (sent.others !== "refused") {
      found.push(...this.fit({ kind: "string" }, received.key, `${path} (key)`));
      found.push(...this.fit(sent.others, received.value, `${path}[]`));
    }
    if (received.key.kind === "values" && !received.partial)
      for (const key of received.key.values) {
        const field = fieldOf(sent, String(JSON.parse(key)));
        if (field === undefined || field.optional)
          found.push(breaking(`${path}.${String(JSON.parse(key))}`, "is required, and may be left out"));
      }
    return found;
  }

  /** A key that reads as a number is taken for one where it is refused as a text. */
  #fitKey(name: string, key: Shape, path: string): Finding[] {
    const values = [textOfValue(name), ...(/^-?\d+(?:\.\d+)?$/.test(name) ? [String(Number(name))] : [])];
    const all = values.map((value) => this.fit({ kind: "values", values: [value] }, key, path));
    return all.toSorted((a, b) => weight(a) - weight(b))[0] ?? [];
  }

  #fitRecord(sent: Kind<"record">, received: Kind<"record">, path: string): Finding[] {
    const found = [
      ...(sent.loose && !received.loose ? [breaking(path, "other keys may be sent, and are refused")] : []),
      ...this.fit(sent.key, received.key, `${path} (key)`),
      ...this.fit(sent.value, received.value, `${path}[]`),
    ];
    if (received.key.kind !== "values" || received.partial) return found;
    const keys = sent.key.kind === "values" && !sent.partial ? sent.key.values : [];
    for (const key of received.key.values)
      if (!keys.includes(key))
        found.push(breaking(`${path}.${String(JSON.parse(key))}`, "is required, and may be left out"));
    return found;
  }
}

/** Objects that a value must be all at once are one with the fields of all; but for those that refuse the fields of the others. */
function mergeObjects(parts: readonly Shape[]): Shape[] {
  const objects = parts.filter((part) => part.kind === "object").filter(({ others }) => others !== "refused");
  if (objects.length < 2) return [...parts];
  const fields: Kind<"object">["fields"] = {};
  for (const object of objects) {
    for (const [name, field] of Object.entries(object.fields)) {
      const before = Object.hasOwn(fields, name) ? fields[name] : undefined;
      fields[name] =
        before === undefined
          ? field
          : {
              shape: { kind: "intersection", parts: [before.shape, field.shape] },
              optional: before.optional && field.optional,
            };
    }
  }
  const others = objects.map((object) => object.others).filter((other) => other !== undefined);
  const all = objects.flatMap((object) => object.checks ?? []);
  const merged: Shape = {
    kind: "object",
    fields,
    ...(others.length > 0 ? { others: { kind: "intersection", parts: others as Shape[] } as Shape } : {}),
    ...(all.length > 0 ? { checks: all } : {}),
  };
  return [merged, ...parts.filter((part) => part.kind !== "object" || part.others === "refused")];
}

/** An option or part, with the checks of what it is in. */
function also(shape: Shape, { checks: more = [] }: Shape): Shape {
  return more.length === 0 ? shape : { ...shape, checks: [...(shape.checks ?? []), ...more] };
}
