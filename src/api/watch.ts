/**
 * Watch streams. The Cluster object speaks over one hibernatable WebSocket a watch (durable/protocol.ts); this module
 * carries its events to the client, over chunked HTTP or the client's own WebSocket, and hides the object's restarts:
 * it reconnects from the last revision that it was sent in full. No timer lives in the object, so bookmarks,
 * keep-alives and the end of the watch are kept here.
 */
import { WATCH_HEADER, type WatchRequest } from "../durable/protocol.ts";
import { internalError, type Status } from "../kube/machinery/status.ts";
import { isObject, type JsonObject } from "../kube/object.ts";
import type { View } from "./negotiate.ts";
import { type IncludeObject, metadataOf, partialOf, type TableShape, tableOf } from "./table.ts";

const BOOKMARK_EVERY_MS = 60_000;
/** A bookmark goes out this long before the watch ends, so that the next one starts at the present. */
const BOOKMARK_BEFORE_END_MS = 2_000;
/** The original ends watches that name no time at random between these. */
const MIN_TIMEOUT_SECONDS = 1800;
/** What may wait for a slow reader. One isolate has 128 MB; a client that is cut off resumes where it was. */
const MAX_BUFFERED_BYTES = 32 * 1024 * 1024;
const RECONNECT_FOR_MS = 30_000;
const MAX_RECONNECT_DELAY_MS = 5_000;

const encoder = new TextEncoder();

/** Where events go. */
export interface EventSink {
  /** Takes whole event lines; false when the client is too slow or gone. */
  write(lines: string): boolean;
  /** A blank line, which clients skip: keeps proxies from cutting a quiet stream. */
  keepAlive(): boolean;
  end(): void;
}

/** Turns event lines into other event lines (Table, PartialObjectMetadata). */
export type EventTransform = (lines: string) => string;

export interface WatchOptions {
  request: WatchRequest;
  /** Opens the object's end: an answer with a WebSocket, or a refusal with a Status. */
  connect(request: WatchRequest): Promise<WatchAnswer>;
  /** Kind and apiVersion of the watched objects, for bookmarks. */
  identity(): Promise<{ kind: string; apiVersion: string } | undefined>;
  transform: EventTransform | undefined;
  random?: () => number;
}

export interface WatchAnswer {
  status: number;
  webSocket: WatchSocket | null;
  text(): Promise<string>;
}

/** The part of a WebSocket that a watch uses. */
export interface WatchSocket {
  accept(): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { code: number }) => void): void;
  addEventListener(type: "error", listener: () => void): void;
}

/** One client's watch, from the first connection to the end. */
export class Watch {
  readonly #options: WatchOptions;
  readonly #sink: EventSink;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  readonly #bookmarks: boolean;
  #socket: WatchSocket | undefined;
  /** The stream is complete up to here; undefined until the object has said so once. */
  #revision: string | undefined;
  /** Part of the initial state was sent. */
  #partial = false;
  #ended = false;

  constructor(options: WatchOptions, sink: EventSink) {
    this.#options = options;
    this.#sink = sink;
    this.#bookmarks = isTrue(options.request.query.allowWatchBookmarks);
  }

  /** Starts on an open socket. */
  start(socket: WatchSocket): void {
    this.#attach(socket);
    const { request, random } = this.#options;
    const timeoutMs = timeoutSeconds(request.query.timeoutSeconds, random ?? Math.random) * 1000;
    this.#timers.push(setInterval(() => this.#tick(), BOOKMARK_EVERY_MS));
    this.#timers.push(setTimeout(() => this.end(), timeoutMs));
    if (this.#bookmarks && timeoutMs > BOOKMARK_BEFORE_END_MS) this.#timers.push(setTimeout(() => void this.#bookmark(), timeoutMs - BOOKMARK_BEFORE_END_MS));
  }

  /** Ends the watch cleanly on both sides. Idempotent. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
    closeQuietly(this.#socket);
    this.#sink.end();
  }

  #attach(socket: WatchSocket): void {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (socket === this.#socket && typeof data === "string") this.#receive(data);
    });
    socket.addEventListener("close", ({ code }) => this.#lost(socket, code));
    socket.addEventListener("error", () => this.#lost(socket, 1006));
    socket.accept();
  }

  #receive(message: string): void {
    if (this.#ended) return;
    const newline = message.indexOf("\n");
    const lines = message.slice(newline + 1);
    if (lines !== "") {
      const { transform } = this.#options;
      if (!this.#sink.write(transform ? transform(lines) : lines)) {
        this.end();
        return;
      }
    }
    // Only now: what has not reached the client's stream is fetched again after a restart. 0 promises nothing: the
    // initial state is not complete yet.
    const revision = message.slice(0, newline);
    if (revision === "0") this.#partial = true;
    else this.#revision = revision;
  }

  /** 1000 is the object's own end of the watch; anything else means that it restarted. */
  #lost(socket: WatchSocket, code: number): void {
    if (this.#ended || socket !== this.#socket) return;
    this.#socket = undefined;
    // Half an initial state cannot be resumed without sending objects twice; the client starts again by itself.
    const resumable = this.#revision !== undefined || !this.#partial;
    if (code === 1000 || !resumable) this.end();
    else void this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    let delay = 50;
    for (let waited = 0; waited < RECONNECT_FOR_MS && !this.#ended; waited += delay, delay = Math.min(delay * 2, MAX_RECONNECT_DELAY_MS)) {
      const answer = await this.#options.connect(this.#resumption()).catch(() => undefined);
      if (this.#ended) return closeUnused(answer?.webSocket);
      if (answer?.webSocket) return this.#attach(answer.webSocket);
      if (answer && answer.status < 500 && answer.status !== 429) return this.#fail(await answer.text());
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
    this.end();
  }

  /** The same watch from where it is; what asks for an initial state was already answered. */
  #resumption(): WatchRequest {
    const { request } = this.#options;
    if (this.#revision === undefined) return request;
    const { sendInitialEvents: _, resourceVersionMatch: __, ...query } = request.query;
    return { ...request, query: { ...query, resourceVersion: this.#revision } };
  }

  /** A refusal in mid-stream is an event: 410 makes the client list again. */
  #fail(statusText: string): void {
    if (!this.#ended) this.#sink.write(`{"type":"ERROR","object":${statusText.trim() || JSON.stringify(internalError("watch closed").toStatus())}}\n`);
    this.end();
  }

  #tick(): void {
    if (this.#bookmarks) void this.#bookmark();
    else if (!this.#sink.keepAlive()) this.end();
  }

  /** Carries the last complete revision, never one above what this stream was sent. */
  async #bookmark(): Promise<void> {
    const identity = await this.#options.identity();
    const revision = this.#revision;
    if (this.#ended || revision === undefined || !identity) return;
    const event = `${JSON.stringify({ type: "BOOKMARK", object: { ...identity, metadata: { resourceVersion: revision } } })}\n`;
    const { transform } = this.#options;
    if (!this.#sink.write(transform ? transform(event) : event)) this.end();
  }
}

/** Query values: anything but false and 0. */
function isTrue(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "false" && value !== "0";
}

/** `timeoutSeconds`, or a random time of half an hour to an hour so that watches do not end together. */
export function timeoutSeconds(asked: string | undefined, random: () => number): number {
  const seconds = asked === undefined ? 0 : Number(asked);
  // A time that has passed ends the watch as soon as it began.
  if (seconds < 0) return 0;
  if (Number.isFinite(seconds) && seconds > 0) return Math.min(seconds, 24 * 3600);
  return MIN_TIMEOUT_SECONDS * (1 + random());
}

function closeQuietly(socket: WatchSocket | undefined): void {
  try {
    socket?.close(1000);
  } catch {
    // Closed already by the other end.
  }
}

/** A socket must be accepted before it can be closed. */
function closeUnused(socket: WatchSocket | null | undefined): void {
  if (!socket) return;
  socket.accept();
  closeQuietly(socket);
}

/** Serves a watch over chunked HTTP; the answer's head goes out before the first event. */
export function httpWatch(options: WatchOptions, socket: WatchSocket, signal: AbortSignal, headers: Record<string, string>): Response {
  let watch: Watch | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        watch = new Watch(options, streamSink(controller));
        watch.start(socket);
      },
      cancel() {
        watch?.end();
      },
    },
    { highWaterMark: MAX_BUFFERED_BYTES, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  // A client that leaves shows as any of: this signal, the stream's cancel, a failed write.
  signal.addEventListener("abort", () => watch?.end());
  return new Response(body, { status: 200, headers });
}

const BLANK_LINE = encoder.encode("\n");

function streamSink(controller: ReadableStreamDefaultController<Uint8Array>): EventSink {
  const put = (bytes: Uint8Array): boolean => {
    try {
      if ((controller.desiredSize ?? 0) <= 0) return false;
      controller.enqueue(bytes);
      return true;
    } catch {
      return false;
    }
  };
  return {
    write: (lines) => put(encoder.encode(lines)),
    keepAlive: () => put(BLANK_LINE),
    end() {
      try {
        controller.close();
      } catch {
        // Closed or errored by the client's leaving.
      }
    },
  };
}

/** Serves a watch over the client's WebSocket: one event a text message. */
export function webSocketWatch(options: WatchOptions, socket: WatchSocket): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  const watch = new Watch(options, webSocketSink(server));
  server.addEventListener("close", () => watch.end());
  server.addEventListener("error", () => watch.end());
  server.accept();
  watch.start(socket);
  return new Response(null, { status: 101, webSocket: client });
}

function webSocketSink(server: WebSocket): EventSink {
  return {
    write(lines) {
      try {
        for (const line of lines.split("\n")) if (line !== "") server.send(line);
        return true;
      } catch {
        return false;
      }
    },
    // WebSocket has pings of its own; a blank message would be read as an event.
    keepAlive: () => true,
    end: () => closeQuietly(server),
  };
}

/** Asks the object for a watch. The request travels in a header, so beyond ASCII it is escaped. */
export async function connectWatch(fetch: (url: string, init: RequestInit) => Promise<Response>, request: WatchRequest): Promise<WatchAnswer> {
  const header = JSON.stringify(request).replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return fetch("https://cluster/watch", { headers: { Upgrade: "websocket", [WATCH_HEADER]: header } }) as Promise<WatchAnswer>;
}

/** Events as PartialObjectMetadata, or as Tables of one row of which only the first carries the columns. */
export function eventTransform(view: View, shape: TableShape | undefined, include: IncludeObject, now: () => Date): EventTransform {
  let withColumns = true;
  // A bookmark's object has nothing but a revision, which a kind's own cells need not expect.
  const bookmarkShape = shape && { columns: shape.columns, cells: () => shape.columns.map(() => null) };
  const convert = (object: JsonObject, bookmark: boolean): unknown => {
    if (view.kind !== "Table" || !shape || !bookmarkShape) return partialOf(object, view.version);
    const table = tableOf(
      bookmark ? bookmarkShape : shape,
      [object],
      { resourceVersion: metadataOf(object).resourceVersion },
      undefined,
      { version: view.version, include, now: now() },
      withColumns,
    );
    withColumns = false;
    return table;
  };
  return (lines) => {
    let out = "";
    for (const line of lines.split("\n")) {
      if (line === "") continue;
      const event = JSON.parse(line) as { type: string; object: JsonObject | Status };
      const object = event.type !== "ERROR" && isObject(event.object) ? convert(event.object, event.type === "BOOKMARK") : event.object;
      out += `${JSON.stringify({ type: event.type, object })}\n`;
    }
    return out;
  };
}
