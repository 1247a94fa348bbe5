import { defineConfig } from "vitest/config";
import config from "../vitest.config.ts";

const { projects: _files, ...shared } = config.test ?? {};

/** The tests' own configuration, with a file that fails in it. */
export default defineConfig({ ...config, test: { ...shared, include: ["test/support/leaky.ts"] } });
