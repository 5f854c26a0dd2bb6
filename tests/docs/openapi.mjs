/** Lints an OpenAPI description: openapi.mjs CONFIG FILE. Any finding fails. */
import { createRequire } from "node:module";

const require = createRequire(`${process.env.RUNTAIL_NODE_DIR}/`);
const { formatProblems, getTotals, lint, loadConfig } = require("@redocly/openapi-core");

const [, , configPath, ref] = process.argv;
const config = await loadConfig({ configPath });
const problems = await lint({ ref, config });
const totals = getTotals(problems);

formatProblems(problems, { format: "stylish", totals, version: "" });
const { errors, warnings } = totals;
console.log(`${ref}: ${errors} errors, ${warnings} warnings`);
process.exitCode = errors + warnings ? 1 : 0;
