/** Every scenario on every back end, followed by both; a table of the result. */
import { compare } from "./compare.mjs";
import { apiKey, runtail, scenarios, secretKey, startSimulator } from "./programs.mjs";
import { follow, publicToken, retrieve } from "./sdk.mjs";
import { viewOfRuntail, viewOfSdk } from "./views.mjs";

const backends = ["native", "electric"];
const timeoutMs = 90_000;

/** Speeds at which a scenario takes a few seconds; the hour takes more. */
const speeds = { long: "900" };
const usualSpeed = "10";

/** The ways to come by a token, one after the other over the rows. */
const ways = [
  ["secret key", () => ({ env: { TRIGGER_SECRET_KEY: secretKey } })],
  ["public token", ({ token }) => ({ env: { TRIGGER_ACCESS_TOKEN: token } })],
  [
    "token endpoint",
    ({ url }) => ({
      args: ["--token-url", `${url}/api/tasks/runs/token`],
      env: { RUNTAIL_API_KEY: apiKey },
    }),
  ],
];

function result(feed, states, printed) {
  const sdk = viewOfSdk(states);
  const fields = [...compare(sdk, viewOfRuntail(printed))];
  const bad = fields.filter(([, difference]) => difference);
  if (bad.length && printed.complaints) bad.push(["stderr", printed.complaints]);
  return { feed, fields, bad, updates: states.length, entries: sdk.log.length, status: sdk.status };
}

/** Yields what came of following the run, then of fetching it once it is over. */
async function* check(scenario, backend, [, way]) {
  const sim = await startSimulator(scenario, backend, speeds[scenario] ?? usualSpeed);
  try {
    const token = await publicToken(sim.url, secretKey, sim.run);
    const { args = [], env } = way({ url: sim.url, token });
    const options = ["--json", "--api-url", sim.url, ...args];
    const [states, printed] = await Promise.all([
      follow(sim.url, token, sim.run, timeoutMs),
      runtail([sim.run, ...options], env, timeoutMs),
    ]);
    yield result(backend, states, printed);
    const run = await retrieve(sim.url, token, sim.run);
    yield result("REST", [run], await runtail(["show", sim.run, ...options], env, timeoutMs));
  } catch (error) {
    const bad = [["both", String(error?.stack ?? error)]];
    yield { feed: backend, fields: [], bad, updates: 0, entries: 0, status: "?" };
  } finally {
    await sim.stop();
  }
}

const row = (...cells) => {
  const widths = [16, 9, 15, 15, 8, 8, 8];
  console.log(cells.map((cell, i) => String(cell).padEnd(widths[i] ?? 0)).join(" ").trimEnd());
};

let passed = 0;
let failed = 0;
let turn = 0;
const compared = new Set();
const chosen = process.argv.slice(2);

row("scenario", "feed", "token from", "status", "updates", "entries", "fields", "result");
for (const scenario of chosen.length ? chosen : await scenarios()) {
  for (const backend of backends) {
    const way = ways[turn++ % ways.length];
    for await (const { feed, fields, bad, updates, entries, status } of check(scenario, backend, way)) {
      for (const [field] of fields) compared.add(field);
      row(scenario, feed, way[0], status, updates, entries, fields.length, bad.length ? "DIFFERENT" : "same");
      for (const [field, difference] of bad) console.log(`    ${field}: ${difference}`);
      if (bad.length) failed++;
      else passed++;
    }
  }
}
console.log(`\ncompared: ${[...compared].join(", ")}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
