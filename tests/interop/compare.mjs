/** Compares two views (views.mjs) field by field. */
import { isDeepStrictEqual } from "node:util";

const show = (value) => {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
};

const plain = (value) =>
  value === undefined ? undefined : JSON.parse(JSON.stringify(value));

const near = (a, b, by) =>
  a === b || (typeof a === "number" && typeof b === "number" && Math.abs(a - b) <= by);

/** The SDK has no words for an internal error but its code in a sentence. */
function sameError(sdk, runtail, code) {
  if (!sdk || !runtail) return !sdk === !runtail;
  if (code && sdk.message.includes(code)) return true;
  return isDeepStrictEqual(plain(sdk), plain(runtail));
}

/** Statuses that both saw, in the same order. One may have missed some: an
 *  answer tells the present, not what was in between. */
function sameOrder(a, b) {
  return isDeepStrictEqual(
    a.filter((status) => b.includes(status)),
    b.filter((status) => a.includes(status)),
  );
}

function firstDifference(sdk, runtail) {
  const length = Math.max(sdk.length, runtail.length);
  for (let i = 0; i < length; i++)
    if (!isDeepStrictEqual(plain(sdk[i]), plain(runtail[i])))
      return `entry ${i + 1}: SDK ${show(sdk[i])}, runtail ${show(runtail[i])}`;
  return undefined;
}

/** runtail prints an output as text: the text itself, or compact JSON. */
function sameOutput(sdk, runtail) {
  if (sdk === undefined || sdk === null || typeof sdk === "string")
    return (sdk ?? undefined) === runtail;
  return isDeepStrictEqual(plain(sdk), JSON.parse(runtail ?? "null"));
}

const exactly = [
  ...["run", "task", "status", "finished", "step", "tags", "test", "exit"],
  ...["costInCents", "baseCostInCents"],
  ...["createdAt", "startedAt", "finishedAt", "expiredAt", "delayedUntil"],
];

/** Yields [field, what differs] for each field compared; undefined: the same. */
export function* compare(sdk, runtail) {
  const different = (same, field) =>
    same ? undefined : `SDK ${show(sdk[field])}, runtail ${show(runtail[field])}`;
  for (const field of exactly)
    yield [field, different(isDeepStrictEqual(plain(sdk[field]), plain(runtail[field])), field)];
  yield ["statuses", different(sameOrder(sdk.statuses, runtail.statuses), "statuses")];
  yield ["progress", different(near(sdk.progress, runtail.progress, 0.0005), "progress")];
  yield ["error", different(sameError(sdk.error, runtail.error, runtail.errorCode), "error")];
  yield ["output", different(sameOutput(sdk.output, runtail.output), "output")];
  yield* compareLogs(sdk, runtail);
}

function* compareLogs(sdk, runtail) {
  // Of a log that dropped its oldest entries runtail may have seen more.
  const told = sdk.logGrowsOnly || !sdk.log.length ? runtail.log : runtail.log.slice(-sdk.log.length);
  yield ["log", firstDifference(sdk.log, told)];
  const hole = runtail.sequence.findIndex((seq, i) => seq !== i + 1);
  yield ["seq", hole < 0 ? undefined : `seq ${runtail.sequence[hole]} in place ${hole + 1}`];
  const whole = runtail.gaps === 0 && runtail.entries === runtail.sequence.length;
  yield ["entries", whole ? undefined : `${runtail.entries} entries, ${runtail.gaps} gaps, ${runtail.sequence.length} lines`];
}
