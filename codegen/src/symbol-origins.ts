/** Where a name of the compiler comes from, and where it can be imported from. */
import { ts } from "./ts-morph.ts";

export class SymbolOrigins {
  readonly #program: ts.Program;
  readonly #checker: ts.TypeChecker;
  readonly #source: ts.SourceFile;

  /** @param source the file whose imports of packages are known */
  constructor(program: ts.Program, source: ts.SourceFile) {
    this.#program = program;
    this.#checker = program.getTypeChecker();
    this.#source = source;
  }

  /** Whether every program knows it by that name. */
  isGlobal(symbol: ts.Symbol): boolean {
    return this.isOfLibrary(symbol) && (symbol as { parent?: ts.Symbol }).parent === undefined;
  }

  isOfLibrary(symbol: ts.Symbol): boolean {
    return (symbol.declarations ?? []).some((one) => {
      const file = one.getSourceFile();
      return this.#program.isSourceFileDefaultLibrary(file) || /[\\/]@types[\\/]node[\\/]/.test(file.fileName);
    });
  }

  /** The project's own file that exports a type under its name. */
  ownModuleOf(symbol: ts.Symbol): string | undefined {
    const file = symbol.declarations?.[0]?.getSourceFile();
    if (file === undefined || this.#program.isSourceFileFromExternalLibrary(file)) return undefined;
    return file.fileName.includes("/node_modules/") ? undefined : this.#exported(symbol, file);
  }

  /** The same, or the package, as the schema file imports it. */
  moduleOf(symbol: ts.Symbol): string | undefined {
    const own = this.ownModuleOf(symbol);
    if (own !== undefined) return own;
    for (const statement of this.#source.statements) {
      if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
      const module = this.#checker.getSymbolAtLocation(statement.moduleSpecifier);
      const isThere = module && this.#checker.getExportsOfModule(module).some((one) => this.#resolved(one) === symbol);
      const from = statement.moduleSpecifier.text;
      if (isThere && !from.startsWith(".")) return from;
    }
    return undefined;
  }

  #exported(symbol: ts.Symbol, file: ts.SourceFile): string | undefined {
    const module = this.#checker.getSymbolAtLocation(file);
    const exports = module ? this.#checker.getExportsOfModule(module) : [];
    return exports.some((one) => one.name === symbol.name && this.#resolved(one) === symbol)
      ? file.fileName
      : undefined;
  }

  #resolved(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }
}
