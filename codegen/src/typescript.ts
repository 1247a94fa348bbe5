/** Reads the text of a module into the plain tree of source-tree.ts. Nothing is type-checked. */
import { ts } from "./ts-morph.ts";
import type { Problem } from "./problem.ts";
import type { Constant, Expression, Member, SourceModule, Span, Spot } from "./source-tree.ts";

/** A module, and its syntax errors. */
export function parseModule(path: string, text: string): { module: SourceModule; problems: Problem[] } {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  // The compiler's own field: a program that gives the same costs a hundred times as much.
  const { parseDiagnostics = [] } = source as ts.SourceFile & { parseDiagnostics?: readonly ts.Diagnostic[] };
  const problems = parseDiagnostics.map(({ start = 0, messageText }) => ({
    file: path,
    ...spotAt(source, start),
    message: `syntax error: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
  }));
  return { module: readModule(path, text, source), problems };
}

function readModule(path: string, text: string, source: ts.SourceFile): SourceModule {
  const module: SourceModule = {
    path,
    text,
    imports: [],
    constants: [],
    nameless: [],
    uses: [],
    lost: lostMembers(source),
  };
  const exportedLater = new Set<string>();
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) {
      readImport(source, statement, module);
    } else if (ts.isVariableStatement(statement)) {
      for (const one of statement.declarationList.declarations) {
        const constant = readConstant(source, statement, one);
        if (constant) module.constants.push(constant);
      }
    } else if (ts.isFunctionDeclaration(statement)) {
      const constant = readFunction(source, statement);
      if (constant) module.constants.push(constant);
    } else if (ts.isExportAssignment(statement) || ts.isExpressionStatement(statement)) {
      module.nameless.push(readExpression(source, statement.expression));
    } else if (ts.isExportDeclaration(statement)) {
      if (statement.moduleSpecifier && ts.isStringLiteral(statement.moduleSpecifier)) {
        module.uses.push({ from: statement.moduleSpecifier.text, span: spanOf(source, statement.moduleSpecifier) });
      } else if (statement.exportClause && ts.isNamedExports(statement.exportClause)) {
        for (const one of statement.exportClause.elements) {
          if (one.propertyName === undefined) exportedLater.add(one.name.text);
        }
      }
    }
  }
  for (const constant of module.constants) {
    if (exportedLater.has(constant.name)) constant.exported = true;
  }
  return module;
}

function readImport(source: ts.SourceFile, statement: ts.ImportDeclaration, module: SourceModule): void {
  if (!ts.isStringLiteral(statement.moduleSpecifier)) return;
  const from = statement.moduleSpecifier.text;
  const clause = statement.importClause;
  if (clause?.phaseModifier !== ts.SyntaxKind.TypeKeyword) {
    module.uses.push({ from, span: spanOf(source, statement.moduleSpecifier) });
  }
  if (clause?.name) module.imports.push({ local: clause.name.text, imported: "default", from });
  const bindings = clause?.namedBindings;
  if (bindings && ts.isNamespaceImport(bindings)) {
    module.imports.push({ local: bindings.name.text, imported: "*", from });
  } else if (bindings) {
    for (const one of bindings.elements) {
      module.imports.push({ local: one.name.text, imported: (one.propertyName ?? one.name).text, from });
    }
  }
}

function readConstant(
  source: ts.SourceFile,
  statement: ts.VariableStatement,
  declaration: ts.VariableDeclaration,
): Constant | undefined {
  if (!ts.isIdentifier(declaration.name) || declaration.initializer === undefined) return undefined;
  return {
    name: declaration.name.text,
    key: spanOf(source, declaration.name),
    span: spanOf(source, statement),
    exported: isExported(statement),
    value: readExpression(source, declaration.initializer),
    doc: docOf(source, statement),
  };
}

function readFunction(source: ts.SourceFile, statement: ts.FunctionDeclaration): Constant | undefined {
  const { name } = statement;
  if (name === undefined) return undefined;
  return {
    name: name.text,
    key: spanOf(source, name),
    span: spanOf(source, statement),
    exported: isExported(statement),
    value: functionOf(source, statement),
    doc: docOf(source, statement),
  };
}

function isExported({ modifiers }: ts.VariableStatement | ts.FunctionDeclaration): boolean {
  return modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

function readExpression(source: ts.SourceFile, node: ts.Expression): Expression {
  const span = spanOf(source, node);
  if (
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isSatisfiesExpression(node) ||
    ts.isNonNullExpression(node)
  ) {
    return readExpression(source, node.expression);
  }
  if (ts.isCallExpression(node)) {
    return {
      kind: "call",
      span,
      callee: readExpression(source, node.expression),
      args: node.arguments.map((argument) => readExpression(source, argument)),
      hasTypeArguments: node.typeArguments !== undefined,
    };
  }
  if (ts.isPropertyAccessExpression(node)) {
    return {
      kind: "member",
      span,
      object: readExpression(source, node.expression),
      name: node.name.text,
      nameSpan: spanOf(source, node.name),
    };
  }
  if (ts.isObjectLiteralExpression(node)) {
    return { kind: "object", span, members: node.properties.map((property) => readMember(source, property)) };
  }
  if (ts.isArrayLiteralExpression(node)) {
    return { kind: "array", span, items: node.elements.map((item) => readExpression(source, item)) };
  }
  if (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) return functionOf(source, node);
  if (ts.isIdentifier(node)) return { kind: "name", span, name: node.text };
  if (ts.isStringLiteralLike(node)) return { kind: "text", span, text: node.text };
  return { kind: "other", span };
}

/** Keys that an object literal has twice, the first of which is lost, and `__proto__`, which makes no member. */
function lostMembers(source: ts.SourceFile): SourceModule["lost"] {
  const lost: SourceModule["lost"] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) {
      const lines = new Map<string, number>();
      for (const { name, kind, initializer } of node.properties as ts.NodeArray<
        ts.ObjectLiteralElementLike & { initializer?: ts.Node }
      >) {
        // A setter may stand beside its getter.
        if (name === undefined || !isPlainName(name) || kind === ts.SyntaxKind.SetAccessor) continue;
        const at = spotAt(source, name.getStart(source));
        const before = lines.get(name.text);
        if (before !== undefined)
          lost.push({
            at,
            message: `${name.text} stands here twice, first in line ${before}, where it is lost: rename one`,
          });
        lines.set(name.text, at.line);
        // With null it is how objects are made that have nothing of their own.
        if (
          kind === ts.SyntaxKind.PropertyAssignment &&
          name.text === "__proto__" &&
          initializer?.kind !== ts.SyntaxKind.NullKeyword
        )
          lost.push({
            at,
            message: "__proto__ makes no member here, JavaScript gives it a meaning: choose another name",
          });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return lost;
}

function isPlainName(name: ts.PropertyName): name is ts.Identifier | ts.StringLiteralLike | ts.NumericLiteral {
  return ts.isIdentifier(name) || ts.isStringLiteralLike(name) || ts.isNumericLiteral(name);
}

function functionOf(
  source: ts.SourceFile,
  node: ts.ArrowFunction | ts.FunctionExpression | ts.FunctionDeclaration,
): Expression {
  const span = spanOf(source, node);
  const body = node.body && ts.isBlock(node.body) ? returnedBy(node.body) : node.body;
  if (body === undefined) return { kind: "other", span };
  const parameters = node.parameters.map(({ name }) => (ts.isIdentifier(name) ? name.text : undefined));
  return { kind: "function", span, parameters, body: readExpression(source, body) };
}

/** What a body gives that does nothing else. */
function returnedBy(body: ts.Block | undefined): ts.Expression | undefined {
  const [statement] = body?.statements ?? [];
  return statement && ts.isReturnStatement(statement) ? statement.expression : undefined;
}

function readMember(source: ts.SourceFile, property: ts.ObjectLiteralElementLike): Member {
  const span = spanOf(source, property);
  const doc = docOf(source, property);
  if (ts.isSpreadAssignment(property)) {
    return { name: undefined, key: span, span, value: readExpression(source, property.expression), doc };
  }
  const { name } = property;
  const key = spanOf(source, name);
  const given = ts.isPropertyAssignment(property)
    ? property.initializer
    : ts.isShorthandPropertyAssignment(property)
      ? property.name
      : ts.isGetAccessor(property)
        ? returnedBy(property.body)
        : undefined;
  const value: Expression = given ? readExpression(source, given) : { kind: "other", span };
  return { name: isPlainName(name) ? name.text : undefined, key, span, value, doc };
}

/** The JSDoc comment just before a node, without its stars; also one in the same line, which TypeScript itself overlooks. */
function docOf(source: ts.SourceFile, node: ts.Node): string | undefined {
  const { text } = source;
  const start = node.getStart(source);
  const inLine = (ts.getTrailingCommentRanges(text, node.pos) ?? []).filter(
    ({ end }) => !text.slice(end, start).includes("\n"),
  );
  const comment = [...inLine, ...(ts.getLeadingCommentRanges(text, node.pos) ?? [])]
    .map(({ pos, end }) => text.slice(pos, end))
    .findLast((one) => one.startsWith("/**") && one !== "/**/");
  if (comment === undefined) return undefined;
  const lines = comment
    .slice("/**".length, -"*/".length)
    .split(/\r?\n/)
    .map((line, index) => (index === 0 ? line : line.replace(/^\s*\*? ?/, "")).trimEnd());
  const doc = lines.join("\n").trim();
  return doc === "" ? undefined : doc;
}

function spanOf(source: ts.SourceFile, node: ts.Node): Span {
  return { start: spotAt(source, node.getStart(source)), end: spotAt(source, node.getEnd()) };
}

function spotAt(source: ts.SourceFile, position: number): Spot {
  const { line, character } = source.getLineAndCharacterOfPosition(position);
  return { line: line + 1, column: character + 1 };
}
