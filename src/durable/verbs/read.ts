/** get and list: stored texts go out as they are; lists of plain built-ins never parse what they return. */
import type { Kind } from "../../kube/kind.ts";
import { badRequest, expired, notFound, resourceVersionTooLarge, StatusError } from "../../kube/machinery/status.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { LiveKeys } from "../live-keys.ts";
import { compileSelection, type FactsCache, factsOf, type Selection } from "../selection.ts";
import { CompactedError, FutureRevisionError } from "../store/errors.ts";
import type { Store } from "../store/store.ts";
import type { Snapshot } from "../store/types.ts";
import { keyOf, target } from "./call.ts";
import { decodeContinue, encodeContinue } from "./continue-token.ts";
import { served, servedText, storedAsServed } from "./convert.ts";
import { type ListOptions, parseResourceVersion } from "./options.ts";

/** Above this many items a list is streamed in chunks, so that others wait milliseconds, not the whole list. */
const STREAM_ABOVE = 100;
const CHUNK = 100;

export interface Reader {
  readonly store: Store;
  readonly facts: FactsCache;
  readonly liveKeys: LiveKeys;
}

/** @throws StatusError 504 when the client has seen a revision that this store has not. */
export function checkReached(store: Store, revision: number | undefined): void {
  if (revision !== undefined && revision > store.revision) throw resourceVersionTooLarge(revision, store.revision);
}

/** The object's JSON text. @throws StatusError 404. */
export function getText(reader: Reader, kind: Kind, namespace: string, name: string, query: Record<string, string>): string {
  const version = query.resourceVersion ?? "";
  // Upstream's get says it in its own way.
  if (!/^\d*$/.test(version))
    throw new StatusError(
      500,
      "",
      `resourceVersion: Invalid value: ${JSON.stringify(version)}: strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`,
    );
  checkReached(reader.store, parseResourceVersion(version));
  const stored = reader.store.get(keyOf(kind, namespace, name));
  if (!stored) throw notFound(target(kind), name);
  return servedText(kind, stored);
}

export interface Selected {
  revision: number;
  /** Revisions of the selected objects, in key order. */
  revisions: number[];
  /** "" on the last page. */
  continueToken: string;
  remaining: number | undefined;
}

const OLD_LIST = "The resourceVersion for the provided list is too old.";
const OLD_CONTINUE =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

interface Start {
  revision: number | undefined;
  after: { namespace: string; name: string } | undefined;
}

function startOf(store: Store, options: ListOptions): Start {
  if (options.continueToken) {
    const position = decodeContinue(options.continueToken);
    if (options.resourceVersion) throw badRequest("specifying resource version is not allowed when using continue");
    return { revision: position.revision < 0 ? undefined : position.revision, after: position.after };
  }
  checkReached(store, options.resourceVersion);
  // Before resourceVersionMatch, a limit with a version meant exactly that version.
  const exact = options.match === "Exact" || (options.match === "" && options.limit > 0 && Boolean(options.resourceVersion));
  return { revision: exact ? options.resourceVersion : undefined, after: undefined };
}

function snapshot(store: Store, kind: Kind, namespace: string, start: Start, limit: number | undefined): Snapshot {
  try {
    return store.list({ resource: kind.storageResource, namespace, revision: start.revision, after: start.after, limit });
  } catch (error) {
    if (error instanceof CompactedError) {
      throw start.after ? expired(OLD_CONTINUE, encodeContinue({ revision: -1, after: start.after })) : expired(OLD_LIST);
    }
    if (error instanceof FutureRevisionError) throw resourceVersionTooLarge(error.revision, error.currentRevision);
    throw error;
  }
}

/** Which objects a list returns. @throws StatusError 400, 410 or 504. */
export function select(reader: Reader, kind: Kind, namespace: string, options: ListOptions): Selected {
  const selection = compileSelection(kind, options.labels, options.fields);
  const start = startOf(reader.store, options);
  if (selection.everything && selection.name === undefined) {
    const { revision, items, remaining } = snapshot(reader.store, kind, namespace, start, options.limit || undefined);
    const last = items.at(-1);
    const more = options.limit > 0 && remaining > 0 && last;
    return {
      revision,
      revisions: items.map((item) => item.revision),
      continueToken: more ? encodeContinue({ revision, after: { namespace: last.namespace, name: last.name } }) : "",
      remaining: more ? remaining : undefined,
    };
  }
  const { revision, items } = candidates(reader, kind, namespace, selection, start);
  const revisions: number[] = [];
  let at = 0;
  for (; at < items.length && !(options.limit > 0 && revisions.length >= options.limit); at++) {
    const item = items[at];
    if (
      !item ||
      (selection.name !== undefined && item.name !== selection.name) ||
      (selection.namespace !== undefined && item.namespace !== selection.namespace)
    )
      continue;
    if (selection.everything || matchesAt(reader, kind, selection, items, at)) revisions.push(item.revision);
  }
  const last = items[at - 1];
  const continueToken = at < items.length && last ? encodeContinue({ revision, after: { namespace: last.namespace, name: last.name } }) : "";
  return { revision, revisions, continueToken, remaining: undefined };
}

/** What a selector has to judge: one key when it names one, the collection's keys as they are known, or those of a snapshot. */
function candidates(reader: Reader, kind: Kind, namespace: string, selection: Selection, start: Start): Pick<Snapshot, "revision" | "items"> {
  const { store } = reader;
  if (start.revision !== undefined || start.after) return snapshot(store, kind, namespace, start, undefined);
  if (selection.name !== undefined && (namespace !== "" || kind.scope === "Cluster")) {
    const { name } = selection;
    const stored = store.get(keyOf(kind, namespace, name));
    return { revision: store.revision, items: stored ? [{ namespace, name, revision: stored.revision }] : [] };
  }
  return { revision: store.revision, items: reader.liveKeys.list(kind.storageResource, namespace) };
}

/** Evaluates a selector on one item, filling the cache for a chunk of items at a time where it misses. */
function matchesAt(reader: Reader, kind: Kind, selection: Selection, items: Snapshot["items"], at: number): boolean {
  const item = items[at];
  if (!item) return false;
  let facts = reader.facts.get(kind, item.revision);
  if (!facts) {
    const missing: number[] = [];
    for (let next = at; next < items.length && missing.length < CHUNK; next++) {
      const candidate = items[next];
      if (candidate && !reader.facts.get(kind, candidate.revision)) missing.push(candidate.revision);
    }
    const texts = reader.store.texts(missing);
    for (const [index, revision] of missing.entries())
      reader.facts.set(kind, revision, factsOf(kind, served(kind, JSON.parse(texts[index] ?? "{}") as KubeObject)));
    facts = reader.facts.get(kind, item.revision);
  }
  return facts !== undefined && selection.matches(facts);
}

/** Built-in list items carry no apiVersion and kind of their own (the list has them); custom resources' do. */
function omitted(kind: Kind): string {
  return `{"apiVersion":${JSON.stringify(kind.apiVersion)},"kind":${JSON.stringify(kind.kind)},`;
}

function itemText(kind: Kind, text: string): string {
  const prefix = omitted(kind);
  return !kind.custom && text.startsWith(prefix) ? `{${text.slice(prefix.length)}` : text;
}

function itemTexts(reader: Reader, kind: Kind, revisions: number[]): string {
  const texts = reader.store.texts(revisions);
  const plain = storedAsServed(kind);
  return texts.map((text, at) => itemText(kind, plain ? text : servedText(kind, { text, revision: revisions[at] ?? 0 }))).join(",");
}

/** Items between `before` and `after`, as UTF-8. */
function itemBytes(reader: Reader, kind: Kind, revisions: number[], before: string, after: string): Uint8Array {
  const joined = storedAsServed(kind) ? reader.store.joinedTexts(revisions, { before, omit: omitted(kind), after }) : undefined;
  return joined ? new Uint8Array(joined) : encoder.encode(`${before}${itemTexts(reader, kind, revisions)}${after}`);
}

const encoder = new TextEncoder();

/** The list's JSON: a string, or above 100 items a stream of its bytes. */
export function listBody(reader: Reader, kind: Kind, selected: Selected): string | ReadableStream<Uint8Array> {
  const metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number } = { resourceVersion: String(selected.revision) };
  if (selected.continueToken) metadata.continue = selected.continueToken;
  if (selected.remaining !== undefined) metadata.remainingItemCount = selected.remaining;
  const head = `{"kind":${JSON.stringify(kind.listKind)},"apiVersion":${JSON.stringify(kind.apiVersion)},"metadata":${JSON.stringify(metadata)},"items":[`;
  const { revisions } = selected;
  if (revisions.length <= STREAM_ABOVE) return `${head}${itemTexts(reader, kind, revisions)}]}`;
  const { readable, writable } = new IdentityTransformStream();
  void writeItems(reader, kind, revisions, head, writable.getWriter());
  return readable;
}

/** Writes as fast as the client reads. */
async function writeItems(reader: Reader, kind: Kind, revisions: number[], head: string, writer: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
  try {
    for (let at = 0; at < revisions.length; at += CHUNK) {
      const last = at + CHUNK >= revisions.length;
      await writer.write(itemBytes(reader, kind, revisions.slice(at, at + CHUNK), at === 0 ? head : ",", last ? "]}" : ""));
    }
    await writer.close();
  } catch (error) {
    // The client has gone, or the rest can't be read: either way the list must not look complete.
    await writer.abort(error).catch(() => undefined);
  }
}
