/** Why schemas are refused, each with what to write instead. */

export const OLD_ZOD = 'this is a schema of zod 3: install zod 4, and import { z } from "zod"';
export const NO_VALUE = "there is nothing here: is it imported from a file that imports this one?";
export const NO_ZOD = "this is not a zod schema: write one, as in z.string()";
export const BRANDED = "a brand exists for the compiler alone and does not travel: leave .brand() out";
export const TYPE_ARGUMENTS =
  "a type argument tells the compiler what zod does not check: leave it out, and say it with the schema itself";
export const COERCED =
  "what z.coerce accepts can't be said in a type: write the plain schema, as in z.number(), and convert before sending";
export const CATCHALL =
  "a .catchall() schema can't be printed beside other keys: use z.looseObject({...}), or put the rest in a field of its own with z.record()";
export const TS_ENUM = 'a TypeScript enum has no plain type: write its values, as in z.enum(["red", "green"])';
export const INSTANCE =
  "instances of a class do not travel: write its fields with z.object({...}); of the built-in classes, z.date() and z.instanceof(Uint8Array) travel";
export const CUSTOM =
  "what a custom check accepts can't be read from it: write a plain schema and refine it with .refine()";
export const READONLY = ".readonly() has no exact plain type here: leave it out";
export const RECURSIVE =
  "a schema that contains itself, or z.lazy(), has no plain type yet: end it at a fixed depth, or send a flat z.array(...) whose items name their parents";
const PIPED =
  "the type that comes out of a transform, pipe, codec or preprocess can't be read from the schema: declare what travels, and convert in the program";

/** The methods by which a chain becomes a schema of that type. */
export const CHAINED: Readonly<Record<string, readonly string[]>> = {
  pipe: ["transform", "pipe"],
  intersection: ["and"],
};

/** Why schemas of some types are refused, with what to write instead. */
export const REFUSALS: Readonly<Record<string, string>> = {
  any: "z.any() would switch checking off: write z.unknown()",
  symbol: "symbols are not supported: use z.enum([...]) or z.literal(...)",
  map: "maps are not supported: use z.record(key, value) or z.array(z.tuple([key, value]))",
  set: "sets are not supported: use z.array(...)",
  promise: "promises are not supported: declare the value; a handler may answer with a promise of it anyway",
  function: "functions are not supported: declare a method and call back through it",
  lazy: RECURSIVE,
  file: "files are not supported: send their bytes with z.instanceof(Uint8Array)",
  transform: PIPED,
  pipe: PIPED,
  success: "z.success() does not say what it parses: use z.boolean()",
  intersection: "an intersection has no plain type: use a.extend(b.shape), or one z.object({...})",
  template_literal: "template literals have no plain type yet: use z.string().regex(...)",
};
