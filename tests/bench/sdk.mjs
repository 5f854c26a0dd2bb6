// What runtail is held against where Node.js and the official SDK are there.
//
//   sdk.mjs status URL    the run's status, once
//   sdk.mjs feed URL      follows the run to its end
//   sdk.mjs events URL    reads the stream to its end
//   sdk.mjs lines URL     and prints each event as a line
//   sdk.mjs text URL      reads growing snapshots to their end, with fetch
//
// RUNTAIL_NODE_DIR: where the packages are (tests/npm/modules.sh).
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const [what, base] = process.argv.slice(2);
const run = "run_firehose";

function load(name) {
  const require = createRequire(join(process.env.RUNTAIL_NODE_DIR, "x.js"));
  return import(pathToFileURL(require.resolve(name)));
}

async function sdk() {
  const module = await load("@trigger.dev/sdk");
  module.configure({ baseURL: base, accessToken: "tr_dev_simulator" });
  return module;
}

const tasks = {
  async status() {
    const { runs } = await sdk();
    for await (const state of runs.subscribeToRun(run)) {
      console.log(state.status);
      break;
    }
  },
  async feed() {
    const { runs } = await sdk();
    let entries = 0;
    for await (const state of runs.subscribeToRun(run))
      entries = state.metadata?.logs?.length ?? 0;
    console.log(entries);
  },
  async events() {
    const { streams } = await sdk();
    let count = 0;
    for await (const part of await streams.read(run, "log")) count += !!part;
    console.log(count);
  },
  async lines() {
    const { streams } = await sdk();
    for await (const part of await streams.read(run, "log"))
      console.log(JSON.stringify(part));
  },
  async text() {
    const answer = await fetch(`${base}/api/agents/firehose/logs/stream`);
    const { EventSourceParserStream } = await load("eventsource-parser/stream");
    const events = answer.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    let state = {};
    for await (const event of events) state = JSON.parse(event.data);
    console.log(state.logs.length);
  },
};

await tasks[what]();
process.exit(0);
