import { type ParseArgsConfig, parseArgs } from "node:util";

/** The words of the command line make no sense. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Parses the arguments of one command. @throws UsageError for what it does not know. */
export function parse<const Options extends NonNullable<ParseArgsConfig["options"]>>(
  args: string[],
  options: Options,
  positionals: readonly string[] = [],
): {
  values: ReturnType<typeof parseArgs<{ options: Options; allowPositionals: true }>>["values"];
  positionals: string[];
} {
  try {
    const parsed = parseArgs({ args, options, allowPositionals: true });
    if (parsed.positionals.length > positionals.length)
      throw new UsageError(`"${String(parsed.positionals.at(-1))}" is one word too many`);
    if (parsed.positionals.length < positionals.length)
      throw new UsageError(`${positionals[parsed.positionals.length]} is missing`);
    return parsed;
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(error instanceof Error ? error.message : String(error));
  }
}
