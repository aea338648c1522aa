/** Objects and changes as the store holds them in memory: texts, parsed at most once and only when someone asks. */
import type { KubeObject } from "../../kube/object.ts";
import type { Change, ChangeType, ObjectKey, StoredObject } from "./types.ts";

export class LiveObject implements StoredObject {
  #text: string | (() => string);
  #object: KubeObject | undefined;

  constructor(
    readonly key: ObjectKey,
    readonly revision: number,
    /**
     * What the next row of this key in the log points back to: the object's own row; for an object with heartbeats the
     * row that these started from; for an Event the revision of its creation.
     */
    readonly logRevision: number,
    /** A function reads the text when it is first asked for. */
    text: string | (() => string),
    object?: KubeObject,
  ) {
    this.#text = text;
    this.#object = object;
  }

  get text(): string {
    if (typeof this.#text === "function") this.#text = this.#text();
    return this.#text;
  }

  get object(): KubeObject {
    this.#object ??= JSON.parse(this.text) as KubeObject;
    return this.#object;
  }
}

export class LiveChange implements Change {
  constructor(
    readonly type: ChangeType,
    readonly path: string,
    /** The new state, of a deletion the last one. */
    readonly live: LiveObject,
    readonly previous: LiveObject | undefined,
  ) {}

  get key(): ObjectKey {
    return this.live.key;
  }

  get revision(): number {
    return this.live.revision;
  }

  get text(): string {
    return this.live.text;
  }

  get object(): KubeObject {
    return this.live.object;
  }
}
