import type { NamedType, Type } from "./model.ts";

/** Names of fields, one in the other, from the definition of a kind on; "getter()" is what a function of that name gives. */
export type TypePath = readonly (string | number)[];

/** What the compiler knows of the schemas of a kind beyond their data: the types of functions, classes and brands. */
export interface CheckedTypes {
  /** The type at that path; a text: why it can't be printed. `mustTravel`: it is one that is sent. */
  typeOf(path: TypePath, options: { mustTravel: boolean }): Type | string;
  /** Whether the schema at that path has a check that narrows its type. */
  isNarrowed(path: TypePath): boolean;
  /** Those that contain themselves, among all that were given, each under a name that is not settled yet. */
  readonly named: readonly NamedType[];
}
