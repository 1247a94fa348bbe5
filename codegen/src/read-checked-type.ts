/** Turns types of the compiler into types that can be printed. */
import { ts } from "./ts-morph.ts";
import type { Field, Index, NamedType, Parameter, Type } from "./model.ts";
import { compareTexts } from "./problem.ts";
import {
  ANY_TYPE,
  CLASS_TYPE,
  FUNCTION_TYPE,
  PRIVATE_TYPE,
  PROMISE_TYPE,
  RECURSIVE_TYPE,
  SYMBOL_TYPE,
  UNKNOWN_TYPE,
} from "./refusals.ts";
import { SymbolOrigins } from "./symbol-origins.ts";
import { signatureOf, UNKNOWN, unionOf, withoutUndefined } from "./type-algebra.ts";

/** Why a type can't be printed. */
export class Unprintable extends Error {
  override readonly name = "Unprintable";
}

/** Classes of the language that are read, and which of them travel. */
const BUILT_IN: ReadonlyMap<string, boolean> = new Map([
  ...[
    ["Date", "Map", "Set", "ReadonlyMap", "ReadonlySet", "Uint8Array", "Int8Array", "Uint8ClampedArray", "Int16Array"],
    ["Uint16Array", "Int32Array", "Uint32Array", "Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array"],
  ]
    .flat()
    .map((name): [string, boolean] => [name, true]),
  ...["ArrayBuffer", "SharedArrayBuffer", "Error", "RegExp", "URL", "File", "Blob", "Buffer", "ArrayBufferLike"].map(
    (name): [string, boolean] => [name, false],
  ),
]);

/** Objects in objects; more of them are one without an end. */
const MAX_DEPTH = 40;

const PLAIN: readonly (readonly [flag: ts.TypeFlags, text: string])[] = [
  [ts.TypeFlags.Unknown, "unknown"],
  [ts.TypeFlags.Never, "never"],
  [ts.TypeFlags.Void, "void"],
  [ts.TypeFlags.Undefined, "undefined"],
  [ts.TypeFlags.Null, "null"],
  [ts.TypeFlags.Boolean, "boolean"],
];

const WIDE: readonly (readonly [flag: ts.TypeFlags, text: string])[] = [
  [ts.TypeFlags.String, "string"],
  [ts.TypeFlags.Number, "number"],
  [ts.TypeFlags.BigInt, "bigint"],
];

export class CheckedTypeReader {
  readonly #checker: ts.TypeChecker;
  readonly #program: ts.Program;
  readonly #source: ts.SourceFile;
  readonly #origins: SymbolOrigins;
  readonly #mustTravel: boolean;
  readonly #named: Map<ts.Type, NamedType>;
  /** Those that are imported, and were looked into. */
  readonly #imported: Set<ts.Type>;
  /** What is being read, the outermost first. */
  readonly #inside: ts.Type[] = [];

  /**
   * @param source the file from which types of packages are imported
   * @param named where types that contain themselves go
   */
  constructor(
    program: ts.Program,
    source: ts.SourceFile,
    { mustTravel, named }: { mustTravel: boolean; named: Map<ts.Type, NamedType> },
    imported = new Set<ts.Type>(),
  ) {
    this.#imported = imported;
    this.#named = named;
    this.#program = program;
    this.#checker = program.getTypeChecker();
    this.#source = source;
    this.#origins = new SymbolOrigins(program, source);
    this.#mustTravel = mustTravel;
  }

  /** @throws Unprintable */
  read(type: ts.Type): Type {
    const { flags } = type;
    if (flags & ts.TypeFlags.Any) {
      if (this.#mustTravel) return UNKNOWN;
      throw new Unprintable(ANY_TYPE);
    }
    if (flags & ts.TypeFlags.ESSymbol && !this.#mustTravel) return { kind: "plain", text: "symbol" };
    if (flags & ts.TypeFlags.ESSymbolLike) throw this.#symbol();
    if (flags & ts.TypeFlags.EnumLike && !(flags & ts.TypeFlags.Boolean)) {
      const found = this.#readEnum(type);
      if (found) return found;
    }
    const plain = [...PLAIN, ...WIDE].find(([flag]) => flags & flag);
    if (plain && !(flags & ts.TypeFlags.Literal)) return { kind: "plain", text: plain[1] };
    if (type.isStringLiteral()) return { kind: "plain", text: JSON.stringify(type.value) };
    if (type.isNumberLiteral()) return { kind: "plain", text: String(type.value) };
    if (flags & (ts.TypeFlags.BooleanLiteral | ts.TypeFlags.BigIntLiteral))
      return { kind: "plain", text: this.#checker.typeToString(type) };
    if (flags & ts.TypeFlags.TemplateLiteral) {
      const { texts, types } = type as ts.TemplateLiteralType;
      return { kind: "template", texts: [...texts], types: types.map((one) => this.read(one)) };
    }
    if (type.isUnion()) return this.#readAlias(type) ?? this.#hoisted(type, () => this.#readUnion(type));
    if (type.isIntersection()) return this.#readAlias(type) ?? this.#readIntersection(type);
    if (flags & ts.TypeFlags.Object) return this.#readObject(type as ts.ObjectType);
    if (flags & ts.TypeFlags.NonPrimitive) return { kind: "plain", text: "object" };
    throw new Unprintable(UNKNOWN_TYPE);
  }

  /** An enum, or one of its members. */
  #readEnum({ symbol }: ts.Type): Type | undefined {
    const whole = symbol && enumOf(symbol, this.#checker);
    if (whole === undefined) return undefined;
    const from = this.#origins.moduleOf(whole);
    if (from === undefined) throw new Unprintable(PRIVATE_TYPE(whole.name));
    const isPart = whole !== symbol && this.#membersOf(whole).length > 1;
    return { kind: "reference", name: isPart ? `${whole.name}.${symbol.name}` : whole.name, from, args: [] };
  }

  #membersOf(whole: ts.Symbol): readonly ts.Type[] {
    const type = this.#checker.getDeclaredTypeOfSymbol(whole);
    return type.isUnion() ? type.types : [type];
  }

  /** Their order in the compiler changes with what it saw before. */
  #readUnion(type: ts.UnionType): Type {
    const wholes = new Set(type.types.map(({ symbol }) => symbol && enumOf(symbol, this.#checker)));
    const symbols = new Set(type.types.map(({ symbol }) => symbol));
    const complete = [...wholes]
      .filter((whole) => whole !== undefined)
      .filter((whole) => this.#membersOf(whole).every(({ symbol }) => symbols.has(symbol)))
      .map((whole) => this.#checker.getDeclaredTypeOfSymbol(whole));
    if (type.types.filter(({ flags }) => flags & ts.TypeFlags.BooleanLiteral).length === 2)
      complete.push(this.#checker.getBooleanType());
    const isCovered = (one: ts.Type): boolean =>
      complete.some((whole) => (whole.isUnion() ? whole.types : [whole]).some((part) => isSameMember(part, one)));
    const members = [...complete, ...type.types.filter((one) => !isCovered(one))].map((one) => this.read(one));
    return unionOf(members.toSorted((a, b) => rank(a) - rank(b) || compareTexts(signatureOf(a), signatureOf(b))));
  }

  #readIntersection(type: ts.IntersectionType): Type {
    return { kind: "intersection", members: type.types.map((one) => this.read(one)) };
  }

  #readObject(type: ts.ObjectType): Type {
    const checker = this.#checker;
    if (checker.isTupleType(type)) return this.#readTuple(type as ts.TupleTypeReference);
    if (checker.isArrayType(type)) {
      const [element] = checker.getTypeArguments(type as ts.TypeReference);
      const readonly = type.symbol.name === "ReadonlyArray";
      return { kind: "array", element: this.read(element as ts.Type), readonly };
    }
    const named = this.#readAlias(type) ?? this.#readNamed(type);
    if (named) return named;
    const isFunction = type.getCallSignatures().length > 0 || type.getConstructSignatures().length > 0;
    return this.#hoisted(type, () => (isFunction ? this.#readFunction(type) : this.#readFields(type)));
  }

  /** What a schema gives stays where it was made: it may be one. */
  #readFunction(type: ts.ObjectType): Type {
    if (this.#mustTravel) throw new Unprintable(FUNCTION_TYPE);
    const [signature, ...others] = type.getCallSignatures();
    const isMore = others.length + type.getConstructSignatures().length + type.getProperties().length > 0;
    if (
      signature === undefined ||
      isMore ||
      signature.typeParameters ||
      this.#checker.getTypePredicateOfSignature(signature)
    )
      throw new Unprintable(UNKNOWN_TYPE);
    const parameters = signature.parameters.map((symbol): Parameter => {
      const declared = symbol.valueDeclaration;
      if (declared === undefined || !ts.isParameter(declared)) throw new Unprintable(UNKNOWN_TYPE);
      const is = declared.dotDotDotToken
        ? "rest"
        : this.#checker.isOptionalParameter(declared)
          ? "optional"
          : "required";
      const its = this.read(this.#checker.getTypeOfSymbolAtLocation(symbol, this.#source));
      return { name: symbol.name, type: is === "optional" ? withoutUndefined(its) : its, is };
    });
    return { kind: "function", parameters, result: this.read(signature.getReturnType()) };
  }

  /** A type that turns out to contain itself is declared on its own. */
  #hoisted(type: ts.Type, read: () => Type): Type {
    const known = this.#named.get(type);
    if (known) return { kind: "named", of: known, side: "sent" };
    if (this.#inside.includes(type)) {
      const symbol = type.aliasSymbol ?? type.symbol;
      const name = symbol === undefined || symbol.name.startsWith("__") ? "Node" : symbol.name;
      const of: NamedType = {
        name,
        parsedName: name,
        sent: UNKNOWN,
        parsed: UNKNOWN,
        doc: undefined,
        origin: undefined,
      };
      this.#named.set(type, of);
      return { kind: "named", of, side: "sent" };
    }
    if (this.#inside.length > MAX_DEPTH) throw new Unprintable(RECURSIVE_TYPE);
    this.#inside.push(type);
    const body = read();
    this.#inside.pop();
    const of = this.#named.get(type);
    if (of === undefined) return body;
    of.sent = of.parsed = body;
    return { kind: "named", of, side: "sent" };
  }

  #readTuple(type: ts.TupleTypeReference): Type {
    const { elementFlags, readonly } = type.target;
    const items: (Type & { kind: "tuple" })["items"] = [];
    let rest: Type | undefined;
    for (const [index, one] of this.#checker.getTypeArguments(type).entries()) {
      const flags = elementFlags[index] ?? ts.ElementFlags.Required;
      if (flags & ts.ElementFlags.Variable) rest = this.read(one);
      else if (rest !== undefined) throw new Unprintable(UNKNOWN_TYPE);
      else {
        const optional = (flags & ts.ElementFlags.Optional) !== 0;
        items.push({ type: this.read(optional ? withoutMissing(one) : one), optional });
      }
    }
    return { kind: "tuple", items, rest, readonly };
  }

  /** A type that has a name of its own, where that can be imported. */
  #readAlias(type: ts.Type): Type | undefined {
    const { aliasSymbol, aliasTypeArguments = [] } = type;
    if (aliasSymbol === undefined) return undefined;
    const isBrand = aliasSymbol.name === "$brand";
    const from = isBrand ? "zod" : this.#origins.ownModuleOf(aliasSymbol);
    if (from === undefined) return undefined;
    if (this.#mustTravel && !isBrand) this.#expectTravels(type);
    return { kind: "reference", name: aliasSymbol.name, from, args: aliasTypeArguments.map((one) => this.read(one)) };
  }

  /** An instance of a class, or an interface that can be imported. */
  #readNamed(type: ts.ObjectType): Type | undefined {
    const { symbol } = type;
    const isClass = (symbol.flags & ts.SymbolFlags.Class) !== 0;
    if (!isClass && (symbol.flags & ts.SymbolFlags.Interface) === 0) return undefined;
    const builtIn = BUILT_IN.get(symbol.name);
    const isGlobal = this.#origins.isGlobal(symbol);
    const isBuiltIn = builtIn !== undefined && this.#origins.isOfLibrary(symbol);
    if (this.#mustTravel) {
      if (isGlobal && symbol.name === "Promise") throw new Unprintable(PROMISE_TYPE);
      if (isBuiltIn ? !builtIn : isClass || (isGlobal && hasMethods(type)))
        throw new Unprintable(CLASS_TYPE(symbol.name));
    }
    const all =
      (type as ts.TypeReference).target === undefined ? [] : this.#checker.getTypeArguments(type as ts.TypeReference);
    // The last ones of a class or interface may be its own `this`.
    const own = all.slice(0, (symbol.declarations?.find(isGeneric)?.typeParameters ?? []).length);
    if (isBuiltIn || (isGlobal && !this.#mustTravel)) {
      const isBytes = builtIn && symbol.name.endsWith("Array");
      const args = isBytes ? this.#memoryOf(own) : own.map((one) => this.read(one));
      return { kind: "reference", name: symbol.name, from: undefined, args };
    }
    const from = isClass ? this.#origins.moduleOf(symbol) : this.#origins.ownModuleOf(symbol);
    if (from === undefined) {
      if (isClass) throw new Unprintable(PRIVATE_TYPE(symbol.name));
      return undefined;
    }
    if (this.#mustTravel) this.#expectTravels(type);
    return { kind: "reference", name: symbol.name, from, args: own.map((one) => this.read(one)) };
  }

  /** What bytes lie in, where that is told. */
  #memoryOf(args: readonly ts.Type[]): Type[] {
    const texts = args.map((one) => this.#checker.typeToString(one));
    return texts.filter((text) => text !== "ArrayBufferLike").map((text) => ({ kind: "plain", text }));
  }

  #readFields(type: ts.ObjectType): Type {
    const checker = this.#checker;
    const fields = checker.getPropertiesOfType(type).map((property): Field => {
      if (property.name.startsWith("__@")) throw this.#symbol();
      const optional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      const its = checker.getTypeOfSymbolAtLocation(property, this.#source);
      return {
        name: property.name,
        type: this.read(optional ? withoutMissing(its) : its),
        optional,
        readonly: isReadonly(property),
        doc: docOf(property, checker),
        origin: undefined,
      };
    });
    const indexes = checker.getIndexInfosOfType(type);
    const [first] = indexes;
    const isRecord = first && fields.length === 0 && indexes.every((index) => index.type === first.type);
    // Three indexes are what the compiler makes of all keys that there are.
    if (isRecord && indexes.length === 3) {
      const key: Type = { kind: "plain", text: "PropertyKey" };
      return { kind: "record", partial: false, key, value: this.read(first.type), readonly: first.isReadonly };
    }
    const open = indexes.map((index): Index => {
      if (index.keyType.flags & ts.TypeFlags.ESSymbolLike) throw this.#symbol();
      return { key: this.read(index.keyType), value: this.read(index.type), readonly: index.isReadonly };
    });
    const [only] = open;
    if (only !== undefined && isRecord && open.length === 1) return { kind: "record", partial: false, ...only };
    return fields.length + open.length > 0 ? { kind: "object", fields, open } : { kind: "plain", text: "{}" };
  }

  /** Types that are imported by their names are looked into all the same; that they contain themselves is no matter then. */
  #expectTravels(type: ts.Type): void {
    if (this.#imported.has(type)) return;
    this.#imported.add(type);
    const reader = new CheckedTypeReader(
      this.#program,
      this.#source,
      { mustTravel: true, named: new Map() },
      this.#imported,
    );
    for (const property of this.#checker.getPropertiesOfType(type))
      reader.read(this.#checker.getTypeOfSymbolAtLocation(property, this.#source));
  }

  #symbol(): Unprintable {
    return new Unprintable(this.#mustTravel ? SYMBOL_TYPE : UNKNOWN_TYPE);
  }
}

/** `undefined` and `null` stand last. */
function rank(type: Type): number {
  return type.kind === "plain" && /^(?:undefined|null)$/.test(type.text) ? 1 : 0;
}

/** One literal may have several types: as it is written, and as it is widened. */
function isSameMember(a: ts.Type, b: ts.Type): boolean {
  return a === b || (a.symbol !== undefined && a.symbol === b.symbol);
}

/** The enum that is, or that has that member. */
function enumOf(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol | undefined {
  const [declared] = symbol.declarations ?? [];
  const whole = declared && ts.isEnumMember(declared) ? declared.parent : declared;
  return whole && ts.isEnumDeclaration(whole) ? checker.getSymbolAtLocation(whole.name) : undefined;
}

function hasMethods(type: ts.Type): boolean {
  return type.getProperties().some(({ flags }) => flags & ts.SymbolFlags.Method);
}

function isGeneric(node: ts.Declaration): node is ts.ClassDeclaration | ts.InterfaceDeclaration {
  return ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node);
}

/** What may be left out has a type more, which says that it may be missing: the compiler keeps it apart from `undefined`, and to itself. */
function withoutMissing(type: ts.Type): ts.Type {
  if (!type.isUnion()) return type;
  const types = type.types.filter((one) => !isMissing(one));
  return types.length === type.types.length ? type : Object.assign(Object.create(type) as ts.UnionType, { types });
}

function isMissing(type: ts.Type): boolean {
  return (
    (type.flags & ts.TypeFlags.Undefined) !== 0 && "debugIntrinsicName" in type && type.debugIntrinsicName === "missing"
  );
}

function isReadonly(property: ts.Symbol): boolean {
  const declared = property.valueDeclaration;
  if (declared && ts.getCombinedModifierFlags(declared) & ts.ModifierFlags.Readonly) return true;
  if (property.flags & ts.SymbolFlags.GetAccessor && !(property.flags & ts.SymbolFlags.SetAccessor)) return true;
  // Of mapped types only the symbol knows.
  const { links } = property as ts.Symbol & { links?: { checkFlags?: number } };
  return ((links?.checkFlags ?? 0) & 8) !== 0;
}

function docOf(symbol: ts.Symbol, checker: ts.TypeChecker): string | undefined {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  const tags = symbol.getJsDocTags(checker).map((tag) => `@${tag.name} ${ts.displayPartsToString(tag.text)}`.trim());
  const doc = [text, ...tags].filter((one) => one !== "").join("\n");
  return doc === "" ? undefined : doc;
}
