/** A failure that is the user's to solve: printed as one sentence, without a stack trace. */
export class Problem extends Error {
  override readonly name = "Problem";
}
