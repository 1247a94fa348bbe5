/** What a process can be asked for. Inputs and results go through JSON. */
export type Commands = Record<string, (...input: never[]) => unknown>;

/** Does what the process that started this one asks for, until that one goes. */
export function answer(commands: Commands): void {
  process.on("message", async ({ id, name, input }: { id: number; name: string; input: never[] }) => {
    try {
      const command = commands[name];
      if (command === undefined) throw new Error(`there is no command "${name}"`);
      process.send?.({ id, result: await command(...input) });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.on("disconnect", () => process.exit());
}

/** CPU time that this process has used, ms. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
