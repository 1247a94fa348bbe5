/** Why schemas are refused, each with what to write instead. */

export const OLD_ZOD = 'this is a schema of zod 3: install zod 4, and import { z } from "zod"';
export const NO_VALUE = "there is nothing here: is it imported from a file that imports this one?";
export const NO_ZOD = "this is not a zod schema: write one, as in z.string()";
export const INSTANCE =
  "instances of a class do not travel: write its fields with z.object({...}), or what it is made from with .transform(); dates and typed arrays travel as they are";
export const CUSTOM =
  "what a custom check accepts can't be read from it: write a plain schema and refine it with .refine()";
export const TOO_DEEP =
  "there are more than 100 schemas within each other here: does a function make a new one each time? Make it once, and refer to it";

/** Where the compiler is asked what the data of a schema does not tell. */
export const NOT_FOUND =
  "the type of this can't be found from where the kind is declared: declare the schema with its own type, not as z.ZodType or any";
export const ANY_TYPE = "this is of the type any, which would switch checking off: say what it is, or unknown";
export const SYMBOL_TYPE = "symbols do not travel: use texts";
export const FUNCTION_TYPE = "functions do not travel: declare a method and call back through it";
export const PROMISE_TYPE =
  "promises do not travel: declare the value; a handler may answer with a promise of it anyway";
export const RECURSIVE_TYPE =
  "there are more than 40 objects within each other here: export one of them as an interface";
export const UNKNOWN_TYPE = "this type can't be printed: write it out, or use plain schemas";
export const CLASS_TYPE = (name: string): string =>
  `instances of ${name} do not travel: declare the fields that are sent, and make one of them with .transform()`;
export const PRIVATE_TYPE = (name: string): string => `${name} must be exported, for what is generated imports it`;

/** Why schemas of some types are refused, with what to write instead. */
export const REFUSALS: Readonly<Record<string, string>> = {
  any: "z.any() would switch checking off: write z.unknown()",
  symbol: "symbols are not supported: use z.enum([...]) or z.literal(...)",
  promise: PROMISE_TYPE,
  function: "functions are not supported: declare a method and call back through it",
  file: "files do not travel, for their bytes come later than they do: send the bytes, with z.instanceof(Uint8Array)",
};
