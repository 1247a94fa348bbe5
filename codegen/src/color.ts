/** Colours, for terminals alone. */
import { styleText } from "node:util";

export type Paint = (color: "red" | "green" | "yellow" | "cyan" | "bold" | "dim", text: string) => string;

export const plain: Paint = (_color, text) => text;

export const colored: Paint = (color, text) => styleText(color, text, { validateStream: false });

/** For what goes to a stream: coloured on a terminal, unless there is NO_COLOR; FORCE_COLOR decides for any stream, 0 against it. */
export function paintFor({ isTTY }: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  const { FORCE_COLOR: forced, NO_COLOR: none = "", TERM: terminal } = env;
  if (forced !== undefined) return forced === "0" || forced === "false" ? plain : colored;
  return isTTY === true && none === "" && terminal !== "dumb" ? colored : plain;
}
