/** In what order and form the parts of a value travel between two ends that know its shape: of the model what the wire sees, and no bounds or checks. */
import { createHash } from "node:crypto";
import type { ContractMethod } from "./contract.ts";
import { compareTexts } from "./problem.ts";
import type { Shape, Shapes } from "./shape.ts";

export type Layout =
  /** Describes itself. */
  | { kind: "any" | "text" | "number" | "boolean" }
  /** One of these, by its place. */
  | { kind: "word"; words: string[] }
  | { kind: "array"; element: Layout }
  | { kind: "tuple"; items: Layout[] }
  /** An object whose keys are data. */
  | { kind: "record"; value: Layout }
  /** Those that are there for sure first, each half by name. Of a member that may be undefined the code can't see whether it must be there: zod does. */
  | { kind: "object"; required: Member[]; optional: Member[] }
  /** Arrays and objects of those options, by their place from one on; all else, at 0, describes itself. */
  | { kind: "choice"; options: Option[] }
  /** One that contains itself, by its place in the list. */
  | { kind: "same"; as: number };

export interface Member {
  name: string;
  layout: Layout;
}

interface Option {
  type: "array" | "object";
  /** Where there are several objects: the member that tells, and its values as they are written in code. */
  by?: { name: string; values: string[] };
  layout: Layout;
}

export interface Layouts {
  layout: Layout;
  cycles: Layout[];
}

const ANY: Layout = { kind: "any" };

export function layoutsOf({ shape, cycles }: Shapes): Layouts {
  return { layout: layoutOf(shape, cycles), cycles: cycles.map((cycle) => layoutOf(cycle, cycles)) };
}

/** What both ends must agree on to send a method's values without keys: 64 bits in hex. */
export function fingerprintOf({ input, output }: Pick<ContractMethod, "input" | "output">): string {
  const model = JSON.stringify([1, layoutsOf(input), layoutsOf(output)]);
  return createHash("sha256").update(model).digest("hex").slice(0, 16);
}

/** Whether values take less in that layout than where they describe themselves: only the keys of objects are left out. */
export function isWorthIt({ layout, cycles }: Layouts): boolean {
  return [layout, ...cycles].some(hasObject);
}

function hasObject(layout: Layout): boolean {
  switch (layout.kind) {
    case "object":
      return true;
    case "array":
      return hasObject(layout.element);
    case "tuple":
      return layout.items.some(hasObject);
    case "record":
      return hasObject(layout.value);
    case "choice":
      return layout.options.some((option) => hasObject(option.layout));
    default:
      return false;
  }
}

function layoutOf(shape: Shape, cycles: readonly Shape[]): Layout {
  switch (shape.kind) {
    case "string":
    case "template":
      return { kind: "text" };
    case "number":
    case "boolean":
      return { kind: shape.kind };
    case "values": {
      const words = shape.values.map((value): unknown => (value.startsWith('"') ? JSON.parse(value) : undefined));
      return words.every((word) => typeof word === "string") ? { kind: "word", words } : ANY;
    }
    case "array":
      return { kind: "array", element: layoutOf(shape.element, cycles) };
    case "tuple":
      if (shape.rest !== undefined || shape.items.length === 0 || shape.items.some((item) => item.optional)) return ANY;
      return { kind: "tuple", items: shape.items.map((item) => layoutOf(item.shape, cycles)) };
    case "record":
      // What stands under other keys may be anything.
      return shape.loose ? ANY : { kind: "record", value: layoutOf(shape.value, cycles) };
    case "object": {
      const fields = Object.entries(shape.fields).toSorted(([a], [b]) => compareTexts(a, b));
      // Others are data as well; and each object must take a byte.
      if (typeof shape.others === "object" || fields.length === 0 || Object.hasOwn(shape.fields, "__proto__"))
        return ANY;
      const members = fields.map(([name, { shape: one, optional }]) => {
        const layout = optional ? marked(one, cycles) : layoutOf(one, cycles);
        return { name, layout, optional: optional || ["any", "choice", "same"].includes(layout.kind) };
      });
      const those = (wanted: boolean): Member[] =>
        members.filter(({ optional }) => optional === wanted).map(({ name, layout }) => ({ name, layout }));
      return { kind: "object", required: those(false), optional: those(true) };
    }
    case "union":
      return choiceOf(shape.options, cycles);
    case "same":
      return isContainer(cycles[shape.as]) ? { kind: "same", as: shape.as } : ANY;
    default:
      return ANY;
  }
}

/** An object may begin with a member that is absent, and must not be taken for absent itself. */
function marked(shape: Shape, cycles: readonly Shape[]): Layout {
  return isContainer(shape.kind === "same" ? cycles[shape.as] : shape)
    ? choiceOf([shape], cycles)
    : layoutOf(shape, cycles);
}

/** Only these are written by a function, which may call itself. */
function isContainer(shape: Shape | undefined): boolean {
  return shape !== undefined && ["array", "tuple", "record", "object", "union"].includes(shape.kind);
}

function flatten(options: readonly Shape[]): Shape[] {
  return options.flatMap((option) => (option.kind === "union" ? flatten(option.options) : [option]));
}

function choiceOf(shapes: readonly Shape[], cycles: readonly Shape[]): Layout {
  const options = flatten(shapes).map((shape) => ({
    shape: shape.kind === "same" ? (cycles[shape.as] ?? shape) : shape,
    layout: layoutOf(shape, cycles),
  }));
  const those = (...kinds: Shape["kind"][]) => options.filter(({ shape }) => kinds.includes(shape.kind));
  if (those("unknown", "custom", "union", "same").length > 0) return ANY;
  const chosen: Option[] = [];
  const lists = those("array", "tuple");
  if (lists[0] !== undefined && lists.length === 1) chosen.push({ type: "array", layout: lists[0].layout });
  const objects = those("object", "record", "intersection");
  if (objects[0] !== undefined && objects.length === 1) chosen.push({ type: "object", layout: objects[0].layout });
  else chosen.push(...told(objects));
  const worth = chosen.filter(({ layout }) => layout.kind !== "any");
  return worth.length === 0 || worth.length > 100 ? ANY : { kind: "choice", options: worth };
}

/** Objects that a member with literals tells apart. */
function told(objects: readonly { shape: Shape; layout: Layout }[]): Option[] {
  const fields = objects.map(({ shape }) => (shape.kind === "object" ? shape.fields : {}));
  const [first = {}] = fields;
  for (const name of Object.keys(first)) {
    const literals = fields.map((one) => {
      const field = Object.hasOwn(one, name) ? one[name] : undefined;
      return field?.shape.kind === "values" && !field.optional ? field.shape.values : undefined;
    });
    const all = literals.flatMap((values) => values ?? []);
    if (literals.includes(undefined) || new Set(all).size < all.length) continue;
    return objects.map(({ layout }, at) => ({
      type: "object",
      by: { name, values: literals[at] ?? [] },
      layout,
    }));
  }
  return [];
}
