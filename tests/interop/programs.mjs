/** The simulator and runtail as child processes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const environment = { PATH: process.env.PATH, HOME: "/nonexistent", LC_ALL: "C.UTF-8" };

/** Keys the simulator takes; it makes them up, they open nothing else. */
export const secretKey = "tr_dev_simulator";
export const apiKey = "sim-api-key";

/** Starts a simulator with these options; resolves once it listens. */
export async function startSimulator(scenario, speed, options) {
  const args = ["--scenario", scenario, "--speed", speed, ...options];
  const child = spawn(process.env.RUNTAIL_SIM, args, {
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const match = /^listening (http:\S+) run (\S+)/.exec(line);
    if (!match) continue;
    child.stdout.resume();
    return { url: match[1], run: match[2], stop: () => stop(child) };
  }
  throw new Error(`runtail-sim ${args.join(" ")} did not say where it listens`);
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}

/** Runs runtail to its end; gives its lines as objects and its exit status. */
export async function runtail(args, env, timeoutMs) {
  const child = spawn(process.env.RUNTAIL, args, {
    env: { ...environment, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeoutMs,
  });
  let complaints = "";
  child.stderr.on("data", (chunk) => (complaints += chunk));
  const exited = once(child, "exit");
  const lines = [];
  for await (const line of createInterface({ input: child.stdout }))
    lines.push(JSON.parse(line));
  const [code, signal] = await exited;
  return { lines, exit: code ?? signal, complaints: complaints.trim() };
}
