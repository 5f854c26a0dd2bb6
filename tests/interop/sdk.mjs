/** What the official SDK says about a run, while it goes and at its end. */
import { createRequire } from "node:module";

const require = createRequire(`${process.env.RUNTAIL_NODE_DIR}/`);
const { auth, runs } = require("@trigger.dev/sdk");

/** A public token for one run, signed by the SDK with the secret key. It lasts
 *  longer than the longest scenario, by the simulated clock. */
export function publicToken(url, secretKey, run) {
  return auth.withAuth({ baseURL: url, accessToken: secretKey }, () =>
    auth.createPublicToken({ scopes: { read: { runs: [run] } }, expirationTime: "24h" }),
  );
}

/** Every state of the run that the SDK yields, until it ends the stream. */
export function follow(url, token, run, timeoutMs) {
  return auth.withAuth({ baseURL: url, accessToken: token }, async () => {
    const states = [];
    const signal = AbortSignal.timeout(timeoutMs);
    for await (const state of runs.subscribeToRun(run, { signal }))
      states.push(structuredClone(state));
    if (signal.aborted) throw new Error(`the SDK saw no end within ${timeoutMs} ms`);
    return states;
  });
}

/** The run as it is, by one REST request. */
export function retrieve(url, token, run) {
  return auth.withAuth({ baseURL: url, accessToken: token }, () => runs.retrieve(run));
}
