/**
 * The cluster's watchers: hibernatable WebSockets, one a watch (design: an open, quiet watch must not keep the
 * object awake). A socket's attachment holds its filter, so that the groups below can be rebuilt after the object
 * slept. Watchers with the same filter share one encoding of every event. Commit and fan-out happen in one turn.
 */
import type { Kind } from "../kube/kind.ts";
import { parseFieldSelector } from "../kube/machinery/field-selector.ts";
import { parseLabelSelector } from "../kube/machinery/label-selector.ts";
import { expired, noSuchResource, resourceVersionTooLarge, StatusError } from "../kube/machinery/status.ts";
import type { WatchRequest } from "./protocol.ts";
import type { Resources } from "./resources.ts";
import { compileSelection, factsOf, type Selection } from "./selection.ts";
import { CompactedError } from "./store/errors.ts";
import type { Store } from "./store/store.ts";
import type { Change } from "./store/types.ts";
import { served, servedText } from "./verbs/convert.ts";
import { type WatchOptions, watchOptions } from "./verbs/options.ts";

/** What a socket's attachment holds (far below the platform's 16 KB but for absurd selectors, which are refused). */
interface Filter {
  group: string;
  version: string;
  plural: string;
  namespace: string;
  name: string;
  labelSelector: string;
  fieldSelector: string;
}

interface Group {
  filter: Filter;
  kind: Kind;
  selection: Selection;
  sockets: Set<WebSocket>;
}

const TAG = "watch";
const MAX_ATTACHMENT = 15_000;
const CHUNK = 100;
/** Initial events beyond this many items are sent over several turns. */
const SYNCHRONOUS_ITEMS = 500;
/** So many watchers hear of a commit in its own turn. Of more, so many a turn, after the writers have their answers. */
const SYNCHRONOUS_WATCHERS = 250;

/** A message on its way to the watchers of a group. */
interface Delivery {
  message: string;
  sockets: readonly WebSocket[];
}

function signature(filter: Filter): string {
  return JSON.stringify([filter.group, filter.version, filter.plural, filter.namespace, filter.name, filter.labelSelector, filter.fieldSelector]);
}

function eventLine(type: string, objectText: string): string {
  return `{"type":"${type}","object":${objectText}}\n`;
}

export class Watchers {
  readonly #state: DurableObjectState;
  readonly #store: Store;
  readonly #resources: Resources;
  /** Groups by stored resource, then by filter. undefined until the sockets have been looked up after a wake. */
  #groups: Map<string, Map<string, Group>> | undefined;
  /** Sockets that still get their initial events: what is committed meanwhile waits here. */
  readonly #held = new Map<WebSocket, string[]>();
  /** What many watchers are still to be told, in order of commits. */
  #deliveries: Delivery[] = [];

  constructor(state: DurableObjectState, store: Store, resources: Resources) {
    this.#state = state;
    this.#store = store;
    this.#resources = resources;
  }

  get count(): number {
    return this.#state.getWebSockets(TAG).length;
  }

  /** Opens a watch: the initial events or the missed ones first, then what is committed. @throws StatusError 400, 404, 410, 422, 504. */
  open(request: WatchRequest): Response {
    const kind = this.#resources.find(request.group, request.version, request.resource);
    if (!kind) throw noSuchResource();
    if (!kind.verbs.includes("watch")) throw new StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});
    const options = watchOptions(request.query);
    const filter: Filter = {
      group: request.group,
      version: request.version,
      plural: request.resource,
      namespace: request.namespace,
      name: request.name,
      labelSelector: request.query.labelSelector ?? "",
      fieldSelector: request.query.fieldSelector ?? "",
    };
    if (signature(filter).length > MAX_ATTACHMENT) throw expired("the selector is too long to watch by");
    const group: Group = { filter, kind, selection: compileSelection(kind, options.labels, options.fields), sockets: new Set() };
    const backlog = this.#backlogOrEnd(group, options);

    const pair = new WebSocketPair();
    this.#state.acceptWebSocket(pair[1], [TAG]);
    pair[1].serializeAttachment(filter);
    this.#register(group, pair[1]);
    if (backlog instanceof StatusError) {
      // Upstream says only in the stream that a revision is gone.
      pair[1].send(`0\n${eventLine("ERROR", JSON.stringify(backlog.toStatus()))}`);
      pair[1].close(1000, "expired");
      this.#drop(pair[1]);
    } else {
      this.#replay(pair[1], backlog);
    }
    return new Response(null, { status: 101, webSocket: pair[0] });
  }

  /** The backlog, or why the watch ends at once: its revision has been compacted. */
  #backlogOrEnd(group: Group, options: WatchOptions): { items: number; messages: Iterator<string> } | StatusError {
    try {
      return this.#backlog(group, options);
    } catch (error) {
      if (error instanceof StatusError && error.code === 410) return error;
      throw error;
    }
  }

  /** What a new watcher gets before live events, as messages to be produced one by one. */
  #backlog(group: Group, options: WatchOptions): { items: number; messages: Iterator<string> } {
    const { resourceVersion, sendInitialEvents } = options;
    if (sendInitialEvents && resourceVersion !== undefined && resourceVersion > this.#store.revision) {
      throw resourceVersionTooLarge(resourceVersion, this.#store.revision);
    }
    if (sendInitialEvents || (sendInitialEvents === undefined && !resourceVersion)) {
      return this.#initialEvents(group, options.allowBookmarks && (sendInitialEvents === true || resourceVersion === undefined));
    }
    if (!resourceVersion) return { items: 0, messages: [`${this.#store.revision}\n`][Symbol.iterator]() };
    const lines: string[] = [];
    try {
      for (const change of this.#store.changesAfter(resourceVersion, group.kind.storageResource)) {
        const line = this.#line(group, change);
        if (line) lines.push(line);
      }
    } catch (error) {
      if (error instanceof CompactedError) throw expired(`too old resource version: ${resourceVersion} (${error.compactedRevision})`);
      throw error;
    }
    return { items: 0, messages: [`${Math.max(resourceVersion, this.#store.revision)}\n${lines.join("")}`][Symbol.iterator]() };
  }

  #initialEvents(group: Group, bookmark: boolean): { items: number; messages: Iterator<string> } {
    const { kind, selection } = group;
    const { revision, items } = this.#store.list({ resource: kind.storageResource, namespace: group.filter.namespace });
    const wanted = items.filter((item) => this.#named(group, item.namespace, item.name));
    const line = (text: string) => {
      if (selection.everything) return eventLine("ADDED", servedText(kind, { text, revision }));
      const object = served(kind, JSON.parse(text));
      return selection.matches(factsOf(kind, object)) ? eventLine("ADDED", JSON.stringify(object)) : "";
    };
    const store = this.#store;
    function* messages(): Iterator<string> {
      // A chunk that ends before the snapshot is complete promises nothing: revision 0.
      for (let at = 0; at < wanted.length; at += CHUNK) {
        yield `0\n${store
          .texts(wanted.slice(at, at + CHUNK).map((item) => item.revision))
          .map(line)
          .join("")}`;
      }
      const object = {
        kind: kind.kind,
        apiVersion: kind.apiVersion,
        metadata: { resourceVersion: String(revision), annotations: { "k8s.io/initial-events-end": "true" } },
      };
      yield `${revision}\n${bookmark ? eventLine("BOOKMARK", JSON.stringify(object)) : ""}`;
    }
    return { items: wanted.length, messages: messages() };
  }

  /** Sends the backlog, over several turns when it is long; live events wait until it is out. */
  #replay(socket: WebSocket, backlog: { items: number; messages: Iterator<string> }): void {
    if (backlog.items <= SYNCHRONOUS_ITEMS) {
      for (let next = backlog.messages.next(); !next.done; next = backlog.messages.next()) socket.send(next.value);
      return;
    }
    this.#held.set(socket, []);
    const pump = async () => {
      for (let next = backlog.messages.next(); !next.done; next = backlog.messages.next()) {
        if (!this.#held.has(socket)) return;
        socket.send(next.value);
        await scheduler.wait(0);
      }
      const held = this.#held.get(socket) ?? [];
      this.#held.delete(socket);
      for (const message of held) socket.send(message);
    };
    this.#state.waitUntil(pump().catch(() => this.#drop(socket)));
  }

  /** Fans out what was just committed; called in the turn of the commit. */
  dispatch(changes: readonly Change[]): void {
    const groups = this.#load();
    if (groups.size === 0) return;
    const revision = changes.at(-1)?.revision ?? 0;
    const deliveries: Delivery[] = [];
    let watchers = 0;
    const byResource = Map.groupBy(changes, (change) => change.key.resource);
    for (const [resource, ofResource] of byResource) {
      for (const group of groups.get(resource)?.values() ?? []) {
        let lines = "";
        for (const change of ofResource) lines += this.#line(group, change);
        if (lines === "") continue;
        deliveries.push({ message: `${revision}\n${lines}`, sockets: [...group.sockets] });
        watchers += group.sockets.size;
      }
    }
    if (this.#deliveries.length > 0) {
      this.#deliveries.push(...deliveries);
    } else if (watchers <= SYNCHRONOUS_WATCHERS) {
      for (const delivery of deliveries) this.#deliver(delivery);
    } else {
      this.#deliveries = deliveries;
      this.#state.waitUntil(this.#deliverOverTurns());
    }
  }

  /**
   * Tells many watchers a few a turn, so that other requests need not wait for all of them. What a crash cuts off the
   * watchers get from the log when they reconnect.
   */
  async #deliverOverTurns(): Promise<void> {
    // The answers to the writers leave when the commit is on disk.
    await this.#state.storage.sync();
    for (let first = this.#deliveries[0]; first !== undefined; first = this.#deliveries[0]) {
      const now = first.sockets.slice(0, SYNCHRONOUS_WATCHERS);
      first.sockets = first.sockets.slice(SYNCHRONOUS_WATCHERS);
      if (first.sockets.length === 0) this.#deliveries.shift();
      this.#deliver({ message: first.message, sockets: now });
      // Faster than a timer: with nothing to write it gives the requests that wait one turn.
      await this.#state.storage.sync();
    }
  }

  #deliver({ message, sockets }: Delivery): void {
    for (const socket of sockets) this.#send(socket, message);
  }

  /** Sends at once what is still on its way. */
  #deliverAll(): void {
    const deliveries = this.#deliveries;
    this.#deliveries = [];
    for (const delivery of deliveries) this.#deliver(delivery);
  }

  /** Tells every watcher that it is complete up to the latest revision, so that quiet watches can resume after a compaction. */
  progress(): void {
    this.#deliverAll();
    const message = `${this.#store.revision}\n`;
    for (const groups of this.#load().values()) for (const group of groups.values()) for (const socket of group.sockets) this.#send(socket, message);
  }

  /** Ends the watches of kinds that are no longer served. */
  closeUnserved(): void {
    this.#deliverAll();
    for (const groups of this.#load().values()) {
      for (const group of groups.values()) {
        const { filter } = group;
        const kind = this.#resources.find(filter.group, filter.version, filter.plural);
        if (kind) {
          group.kind = kind;
          continue;
        }
        for (const socket of group.sockets) {
          socket.close(1000, "no longer served");
          this.#drop(socket);
        }
      }
    }
  }

  /** A socket has gone: nothing of it may stay. */
  closed(socket: WebSocket): void {
    this.#drop(socket);
  }

  #send(socket: WebSocket, message: string): void {
    const held = this.#held.get(socket);
    if (held) {
      held.push(message);
      return;
    }
    try {
      socket.send(message);
    } catch {
      // The other end is gone before its close event was delivered.
      this.#drop(socket);
    }
  }

  #drop(socket: WebSocket): void {
    this.#held.delete(socket);
    for (const [resource, groups] of this.#groups ?? []) {
      for (const [key, group] of groups) {
        if (group.sockets.delete(socket) && group.sockets.size === 0) groups.delete(key);
      }
      if (groups.size === 0) this.#groups?.delete(resource);
    }
  }

  #named(group: Group, namespace: string, name: string): boolean {
    const { filter, selection } = group;
    return (
      (filter.namespace === "" || filter.namespace === namespace) &&
      (filter.name === "" || filter.name === name) &&
      (selection.name === undefined || selection.name === name) &&
      (selection.namespace === undefined || selection.namespace === namespace)
    );
  }

  /** The event line of a change for a filter; "" when the filter does not see it. Leaving a selector is a DELETED, entering one an ADDED. */
  #line(group: Group, change: Change): string {
    if (!this.#named(group, change.key.namespace, change.key.name)) return "";
    const { kind, selection } = group;
    if (selection.everything) return eventLine(change.type, servedText(kind, change));
    const matches = (object: Change["object"]) => selection.matches(factsOf(kind, served(kind, object)));
    const before = change.previous !== undefined && matches(change.previous.object);
    if (change.type === "DELETED") return before ? eventLine("DELETED", servedText(kind, change)) : "";
    const after = matches(change.object);
    if (after) return eventLine(before ? "MODIFIED" : "ADDED", servedText(kind, change));
    if (!before || !change.previous) return "";
    const left = served(kind, change.previous.object);
    left.metadata = { ...left.metadata, resourceVersion: String(change.revision) };
    return eventLine("DELETED", JSON.stringify(left));
  }

  #register(group: Group, socket: WebSocket): void {
    const groups = this.#load();
    const resource = group.kind.storageResource;
    let ofResource = groups.get(resource);
    if (!ofResource) {
      ofResource = new Map();
      groups.set(resource, ofResource);
    }
    const key = signature(group.filter);
    const existing = ofResource.get(key);
    if (existing) existing.sockets.add(socket);
    else ofResource.set(key, { ...group, sockets: new Set([socket]) });
  }

  #load(): Map<string, Map<string, Group>> {
    if (this.#groups) return this.#groups;
    this.#groups = new Map();
    for (const socket of this.#state.getWebSockets(TAG)) {
      const filter = socket.deserializeAttachment() as Filter | null;
      // A socket that is just being opened has no attachment yet; `open` registers it itself.
      if (!filter) continue;
      const kind = this.#resources.find(filter.group, filter.version, filter.plural);
      if (!kind) {
        socket.close(1000, "no longer served");
        continue;
      }
      const labels = filter.labelSelector ? parseLabelSelector(filter.labelSelector) : undefined;
      const fields = filter.fieldSelector ? parseFieldSelector(filter.fieldSelector) : undefined;
      this.#register({ filter, kind, selection: compileSelection(kind, labels, fields), sockets: new Set() }, socket);
    }
    return this.#groups;
  }
}
