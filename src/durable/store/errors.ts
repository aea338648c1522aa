/** The named failures of the store; the verbs turn them into Kubernetes' Statuses. */

/** The revision asked for is older than the history kept: 410 Expired. */
export class CompactedError extends Error {
  override readonly name = "CompactedError";
  constructor(
    readonly revision: number,
    readonly compactedRevision: number,
  ) {
    super(`revision ${revision} has been compacted, the oldest readable one is ${compactedRevision}`);
  }
}

/** The revision asked for has not been written yet: 504 "Too large resource version". */
export class FutureRevisionError extends Error {
  override readonly name = "FutureRevisionError";
  constructor(
    readonly revision: number,
    readonly currentRevision: number,
  ) {
    super(`revision ${revision} is in the future, the latest is ${currentRevision}`);
  }
}

/** The object's JSON is longer than the store takes: 413. */
export class ObjectTooLargeError extends Error {
  override readonly name = "ObjectTooLargeError";
  constructor(
    readonly bytes: number,
    readonly limit: number,
  ) {
    super(`the object has ${bytes} bytes, the limit is ${limit}`);
  }
}
