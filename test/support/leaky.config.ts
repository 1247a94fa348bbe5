import { defineConfig } from "vitest/config";
import config from "../vitest.config.ts";

/** The tests' own configuration, with a file that fails in it. */
export default defineConfig({ ...config, test: { ...config.test, include: ["test/support/leaky.ts"] } });
