/** The realtime streams of a simulated run, read by the official SDK and by
 *  runtail at the same time, and by both once more when the run is over: they
 *  must agree part by part.
 *
 *  usage: streams.mjs SCENARIO */
import { createRequire } from "node:module";
import { runtail, secretKey, startSimulator } from "./programs.mjs";

const require = createRequire(`${process.env.RUNTAIL_NODE_DIR}/`);
const { auth, runs, streams } = require("@trigger.dev/sdk");

const timeoutMs = 60_000;
const speed = "10";

const withSdk = (url, work) => auth.withAuth({ baseURL: url, accessToken: secretKey }, work);

/** What the SDK yields beside the run, by key. It goes on after the run's end:
 *  stop() gives what there was until then. */
function followLive(url, run) {
  const parts = {};
  const leaving = new AbortController();
  const over = withSdk(url, async () => {
    for await (const part of runs.subscribeToRun(run, { signal: leaving.signal }).withStreams())
      if (part.type !== "run") (parts[part.type] ??= []).push(structuredClone(part.chunk));
  }).catch((error) => {
    if (!leaving.signal.aborted) throw error;
  });
  return {
    stop: async () => {
      leaving.abort();
      await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 100))]);
      return parts;
    },
  };
}

/** One stream to the end that the server gives it. */
function readToTheEnd(url, run, key) {
  return withSdk(url, async () => {
    const parts = [];
    const stream = await streams.read(run, key, { timeoutInSeconds: 20 });
    for await (const part of stream) parts.push(structuredClone(part));
    return parts;
  });
}

function partsOf(lines) {
  const parts = {};
  for (const { type, stream, seq, chunk } of lines) {
    if (type !== "part") continue;
    parts[stream] ??= [];
    parts[stream].push(chunk);
    if (seq !== parts[stream].length) throw new Error(`${stream}: seq ${seq} in place ${parts[stream].length}`);
  }
  return parts;
}

/** docs/protocols.md: a string that holds an object or array is that. */
function unpacked(chunk) {
  if (typeof chunk !== "string" || !/^\s*[[{]/.test(chunk)) return chunk;
  try {
    const value = JSON.parse(chunk);
    return Object.keys(value).length ? value : chunk;
  } catch {
    return chunk;
  }
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b) || JSON.stringify(unpacked(a)) === JSON.stringify(b);

/** The SDK yields undefined for records that are no parts, and for bodies that
 *  are no JSON with data in it; runtail tells those that have something in
 *  them. Anything else has to match. mayStop: the SDK's parts may end early. */
function difference(sdk, told, mayStop) {
  const matches = (i, j) => {
    if (i === sdk.length) return j === told.length || mayStop;
    if (sdk[i] === undefined) return matches(i + 1, j) || (j < told.length && matches(i + 1, j + 1));
    return j < told.length && same(sdk[i], told[j]) && matches(i + 1, j + 1);
  };
  if (matches(0, 0)) return undefined;
  const known = sdk.filter((part) => part !== undefined);
  const at = known.findIndex((part, i) => !same(part, told[i]));
  return `${known.length} and ${told.length} parts; about part ${at + 1}: ${JSON.stringify(known[at])} and ${JSON.stringify(told[at])}`;
}

async function check(scenario) {
  const sim = await startSimulator(scenario, speed, []);
  const bad = [];
  let count = 0;
  try {
    const env = { TRIGGER_SECRET_KEY: secretKey };
    const args = ["stream", sim.run, "--json", "--api-url", sim.url];
    const sdk = followLive(sim.url, sim.run);
    const followed = await runtail(args, env, timeoutMs);
    const live = await sdk.stop();
    const told = partsOf(followed.lines);
    const later = partsOf((await runtail([...args, "--no-follow"], env, timeoutMs)).lines);
    for (const [key, parts] of Object.entries(told)) {
      const read = await readToTheEnd(sim.url, sim.run, key);
      count += parts.length;
      bad.push([`${key}, live`, difference(live[key] ?? [], parts, true)]);
      bad.push([`${key}, afterwards`, difference(read, parts, false)]);
      bad.push([`${key}, once more`, difference(parts, later[key] ?? [], false)]);
    }
    const missed = Object.keys(live).filter((key) => !told[key]);
    if (missed.length) bad.push(["keys", `runtail read no ${missed}`]);
    if (!count) bad.push(["parts", "there were none"]);
  } catch (error) {
    bad.push(["both", String(error?.stack ?? error)]);
  } finally {
    await sim.stop();
  }
  return { count, bad: bad.filter(([, why]) => why) };
}

const [scenario] = process.argv.slice(2);
const { count, bad } = await check(scenario);
console.log(`streams of ${scenario.padEnd(16)} ${String(count).padStart(5)} parts  ${bad.length ? "DIFFERENT" : "same"}`);
for (const [what, why] of bad) console.log(`    ${what}: ${why}`);
console.log(bad.length ? "0 passed, 1 failed" : "1 passed, 0 failed");
process.exit(bad.length ? 1 : 0);
