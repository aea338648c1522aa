/**
 * Events and heartbeats keep no history, yet a list that streams in chunks may ask for a text by the revision it had when
 * the list began. This remembers, for the length of the history window, whose revision that was.
 */
export class SupersededRevisions<Owner> {
  /** In order of insertion, which is the order of `at`. */
  readonly #owners = new Map<number, { owner: Owner; at: number }>();

  constructor(readonly window: number) {}

  add(revision: number, owner: Owner, at: number): void {
    this.#owners.set(revision, { owner, at });
    for (const [oldest, entry] of this.#owners) {
      if (entry.at >= at - this.window) break;
      this.#owners.delete(oldest);
    }
  }

  ownerOf(revision: number): Owner | undefined {
    return this.#owners.get(revision)?.owner;
  }
}
