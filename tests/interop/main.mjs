/** A scenario on every back end, followed by both; a table of the result.
 *
 *  usage: main.mjs SCENARIO | --troubles */
import { compare } from "./compare.mjs";
import { apiKey, runtail, secretKey, startSimulator } from "./programs.mjs";
import { follow, publicToken, retrieve } from "./sdk.mjs";
import { viewOfRuntail, viewOfSdk } from "./views.mjs";

/** How the server streams. The SDK never asks for events, runtail does. */
const feeds = {
  native: ["--backend", "native"],
  electric: ["--backend", "electric"],
  events: ["--backend", "electric", "--live-sse"],
};

/** What runtail has to use for them. */
const transports = { native: "long-poll", electric: "long-poll", events: "sse", REST: "poll" };

/** Troubles in the middle of a run that both get over. (The SDK does not go on
 *  after an answer that was cut, nor with another token after a 401.) */
const troubles = ["409", "500", "503", "429", "close", "empty"];
const troubled = "success";

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
  const runtails = viewOfRuntail(printed);
  const fields = [...compare(sdk, runtails)];
  const transport = transports[feed];
  if (transport) {
    const used = runtails.transports.includes(transport);
    fields.push(["transport", used ? undefined : `runtail used ${runtails.transports}, not ${transport}`]);
  }
  const bad = fields.filter(([, difference]) => difference);
  if (bad.length && printed.complaints) bad.push(["stderr", printed.complaints]);
  return { feed, fields, bad, updates: states.length, entries: sdk.log.length, status: sdk.status };
}

/** Yields what came of following the run, then of fetching it once it is over. */
async function* check(scenario, feed, options, [, way]) {
  const sim = await startSimulator(scenario, speeds[scenario] ?? usualSpeed, options);
  try {
    const token = await publicToken(sim.url, secretKey, sim.run);
    const { args = [], env } = way({ url: sim.url, token });
    const common = ["--json", "--api-url", sim.url, ...args];
    const [states, printed] = await Promise.all([
      follow(sim.url, token, sim.run, timeoutMs),
      runtail([sim.run, ...common], env, timeoutMs),
    ]);
    yield result(feed, states, printed);
    const run = await retrieve(sim.url, token, sim.run);
    yield result("REST", [run], await runtail(["show", sim.run, ...common], env, timeoutMs));
  } catch (error) {
    const bad = [["both", String(error?.stack ?? error)]];
    yield { feed, fields: [], bad, updates: 0, entries: 0, status: "?" };
  } finally {
    await sim.stop();
  }
}

const row = (...cells) => {
  const widths = [16, 12, 15, 15, 8, 8, 8];
  console.log(cells.map((cell, i) => String(cell).padEnd(widths[i] ?? 0)).join(" ").trimEnd());
};

let passed = 0;
let failed = 0;
const compared = new Set();
const [chosen] = process.argv.slice(2);
// Another way to come by a token with every scenario and feed.
let turn = chosen.length;

row("scenario", "feed", "token from", "status", "updates", "entries", "fields", "result");
async function compareFeed(scenario, feed, options) {
  const way = ways[turn++ % ways.length];
  for await (const { fields, bad, updates, entries, status, ...told } of check(scenario, feed, options, way)) {
    for (const [field] of fields) compared.add(field);
    row(scenario, told.feed, way[0], status, updates, entries, fields.length, bad.length ? "DIFFERENT" : "same");
    for (const [field, difference] of bad) console.log(`    ${field}: ${difference}`);
    if (bad.length) failed++;
    else passed++;
  }
}

if (chosen === "--troubles")
  for (const trouble of troubles)
    await compareFeed(troubled, `${trouble}, twice`, ["--backend", "electric", "--fault", `${trouble}@5x2`]);
else for (const [feed, options] of Object.entries(feeds)) await compareFeed(chosen, feed, options);
console.log(`compared: ${[...compared].join(", ")}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
