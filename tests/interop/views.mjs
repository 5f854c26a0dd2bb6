/**
 * Brings what the SDK yields and what runtail prints into one form. The rules
 * for progress and log entries are written down in docs/protocols.md and
 * docs/emitting.md; here they are a second time, from those documents and not
 * from the C code, so that a slip on one side shows.
 */

const isObject = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const levelOf = (word) => (typeof word === "string" ? word.toLowerCase() : undefined);

function timeOf(value) {
  if (typeof value === "string") return Date.parse(value);
  if (typeof value !== "number") return undefined;
  const scale = value < 1e11 ? 1000 : value < 1e14 ? 1 : value < 1e17 ? 1e-3 : 1e-6;
  return Math.trunc(value * scale);
}

const textOf = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** A log entry from metadata; time undefined: it has none of its own. */
function entryOf(item) {
  if (!isObject(item)) return { message: textOf(item) };
  return {
    level: levelOf(item.level),
    message: textOf(item.message ?? item.msg ?? item.text ?? item),
    time: timeOf(item.timestamp ?? item.ts ?? item.time),
    data: item.data,
  };
}

const entriesOf = (logs) =>
  logs === undefined || logs === null ? [] : [logs].flat(1).map(entryOf);

/** Reads the values of progress in the order in which they were seen. */
function progressOf(values, completed) {
  let percent = false;
  let fraction = false;
  let ratio;
  for (const [index, value] of values.entries()) {
    ratio = undefined;
    if (isObject(value)) {
      const current = value.current ?? value.completed;
      if (value.total > 0 && current >= 0) ratio = current / value.total;
      continue;
    }
    const number = Number.parseFloat(value);
    if (!(number >= 0)) continue;
    percent ||= number > 1;
    fraction ||= number > 0 && number < 1;
    const done = completed && index === values.length - 1;
    if (/%\s*$/.test(String(value)) || percent) ratio = number / 100;
    else ratio = number < 1 || fraction || done ? number : 0.01;
  }
  return ratio === undefined ? undefined : Math.min(ratio, 1);
}

/** A text; an index only where it is called currentStep. */
function stepOf({ status, currentStep }) {
  if (typeof status === "string" && status) return status;
  const usable = ["string", "number"].includes(typeof currentStep) && currentStep !== "";
  return usable ? String(currentStep) : undefined;
}

/** Order of first appearance. */
const distinct = (items) => [...new Set(items)];

/** Whether every array of the log begins with the one before. */
function growsOnly(states) {
  let last = [];
  for (const { metadata } of states) {
    const logs = metadata?.logs ?? [];
    if (last.some((item, i) => JSON.stringify(item) !== JSON.stringify(logs[i]))) return false;
    last = logs;
  }
  return true;
}

const exits = { COMPLETED: 0, CANCELED: 3, EXPIRED: 3 };

function errorOf(error) {
  if (!error) return undefined;
  return { name: error.name, message: error.message, stackTrace: error.stackTrace };
}

/** The SDK's states of one run, at least the last, as a view. */
export function viewOfSdk(states) {
  const run = states.at(-1);
  const metadata = run.metadata ?? {};
  const progress = states.map((state) => state.metadata?.progress);
  return {
    run: run.id,
    task: run.taskIdentifier,
    status: run.status,
    statuses: distinct(states.map((state) => state.status)),
    finished: Boolean(run.finishedAt),
    progress: progressOf(progress.filter((value) => value !== undefined), run.isSuccess),
    step: stepOf(metadata),
    createdAt: run.createdAt?.getTime(),
    startedAt: run.startedAt?.getTime(),
    finishedAt: run.finishedAt?.getTime(),
    expiredAt: run.expiredAt?.getTime(),
    delayedUntil: run.delayedUntil?.getTime(),
    tags: run.tags,
    test: run.isTest,
    costInCents: run.costInCents,
    baseCostInCents: run.baseCostInCents,
    error: errorOf(run.error),
    output: run.output,
    log: entriesOf(metadata.logs),
    logGrowsOnly: growsOnly(states),
    exit: exits[run.status] ?? 1,
  };
}

/** Log entries that stand, from runtail's lines in order. */
function logOf(lines) {
  let log = [];
  for (const line of lines) {
    if (line.type === "rewrite") log = log.slice(0, line.kept);
    if (line.type !== "log") continue;
    const { level, message, data } = line;
    const time = line.arrival ? undefined : Date.parse(line.time);
    log.push({ level, message, time, data });
  }
  return log;
}

const instant = (text) => (text === undefined ? undefined : Date.parse(text));

/** runtail's lines as a view. */
export function viewOfRuntail({ lines, exit }) {
  const states = lines.filter((line) => line.type === "run");
  const run = states.at(-1) ?? {};
  const end = lines.at(-1) ?? {};
  return {
    run: run.run,
    task: run.task,
    status: end.status,
    statuses: distinct(states.map((state) => state.status)),
    finished: end.complete,
    progress: run.progress,
    step: run.step,
    createdAt: instant(run.createdAt),
    startedAt: instant(run.startedAt),
    finishedAt: instant(run.finishedAt),
    expiredAt: instant(run.expiredAt),
    delayedUntil: instant(run.delayedUntil),
    tags: run.tags ?? [],
    test: run.isTest ?? false,
    costInCents: run.costInCents,
    baseCostInCents: run.baseCostInCents,
    error: errorOf(end.error),
    errorCode: end.error?.code,
    output: end.output,
    log: logOf(lines),
    sequence: lines.filter((line) => line.type === "log").map((line) => line.seq),
    transports: distinct(lines.map((line) => line.transport).filter(Boolean)),
    entries: end.entries,
    gaps: end.gaps,
    exit,
  };
}
