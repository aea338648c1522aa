/**
 * Live objects as they were last read or written. What many requests look at (a namespace, its service account, the object
 * just written) is then read and parsed once. The store is the only writer, so an entry is right until the store itself
 * replaces it; it must be told of every commit.
 */
import type { LiveObject } from "./live.ts";
import type { Row } from "./log.ts";

/** Characters of text in each of two generations. Parsed objects take several times as much memory as their texts. */
const GENERATION_CHARACTERS = 1_000_000;
/** Longer lists are not kept. */
const LIST_ROWS = 1_000;
const LISTS = 100;

export class LiveCache {
  /** What is read again moves to the young generation; when that is full, the old one goes. */
  #young = new Map<string, LiveObject>();
  #old = new Map<string, LiveObject>();
  #characters = 0;
  /** Live rows by resource, then by namespace. */
  readonly #lists = new Map<string, Map<string, readonly Row[]>>();

  get(resource: string, path: string): LiveObject | undefined {
    const key = `${resource}\n${path}`;
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.#add(key, old);
    return old;
  }

  set(path: string, live: LiveObject): void {
    this.#add(`${live.key.resource}\n${path}`, live);
  }

  list(resource: string, namespace: string): readonly Row[] | undefined {
    return this.#lists.get(resource)?.get(namespace);
  }

  setList(resource: string, namespace: string, rows: readonly Row[]): void {
    if (rows.length > LIST_ROWS) return;
    let ofResource = this.#lists.get(resource);
    if (ofResource === undefined) {
      if (this.#lists.size >= LISTS) this.#lists.clear();
      ofResource = new Map();
      this.#lists.set(resource, ofResource);
    }
    if (ofResource.size >= LISTS) ofResource.clear();
    ofResource.set(namespace, rows);
  }

  /** Follows a commit: `live` is the key's new state, undefined when it is gone. */
  committed(resource: string, path: string, live: LiveObject | undefined): void {
    this.#lists.delete(resource);
    const key = `${resource}\n${path}`;
    this.#old.delete(key);
    if (live !== undefined) this.#add(key, live);
    else this.#young.delete(key);
  }

  #add(key: string, live: LiveObject): void {
    this.#characters += live.text.length;
    if (this.#characters > GENERATION_CHARACTERS) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#characters = live.text.length;
    }
    this.#young.set(key, live);
  }
}
