/** The one door to ts-morph, and to the TypeScript that it carries. */
export { Project, ts } from "ts-morph";
