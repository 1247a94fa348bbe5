/** What a program inside the lab does when a test orders it: one input, an answer or a throw. Both travel as copies; bytes may. */
export type Orders = Readonly<Record<string, (input: never) => unknown>>;

export type ToProgram = { readonly id: number; readonly order: string; readonly input: unknown };
export type FromProgram =
  | { readonly isReady: true }
  | { readonly id: number; readonly value: unknown }
  | {
      readonly id: number;
      readonly error: { readonly message: string; readonly code: unknown; readonly stack: string };
    };

/** To be called once, in a program that a test spawns in the lab: answers its orders, several at a time, until the test or its lab ends. */
export function takeOrders(orders: Orders): void {
  process.on("message", ({ id, order, input }: ToProgram) => {
    const obey = async (): Promise<unknown> => {
      const carryOut = orders[order];
      if (carryOut === undefined) throw new Error(`this program knows no order "${order}"`);
      return await carryOut(input as never);
    };
    obey().then(
      (value) => say({ id, value }),
      (cause: Error & { code?: unknown }) =>
        say({ id, error: { message: cause.message, code: cause.code, stack: cause.stack ?? "" } }),
    );
  });
  process.once("disconnect", () => process.exit());
  say({ isReady: true });
}

function say(message: FromProgram): void {
  process.send?.(message);
}
