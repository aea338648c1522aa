import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type EventSink,
  eventTransform,
  httpWatch,
  timeoutSeconds,
  Watch,
  type WatchAnswer,
  type WatchOptions,
  type WatchSocket,
} from "../../src/api/watch.ts";
import type { WatchRequest } from "../../src/durable/protocol.ts";

class FakeSocket implements WatchSocket {
  accepted = false;
  closedWith: number | undefined;
  readonly #listeners = new Map<string, ((event: never) => void)[]>();

  accept(): void {
    this.accepted = true;
  }
  close(code?: number): void {
    this.closedWith = code;
  }
  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }
  say(data: string): void {
    this.#emit("message", { data });
  }
  drop(code: number): void {
    this.#emit("close", { code });
  }
  #emit(type: string, event: object): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }
}

class FakeSink implements EventSink {
  text = "";
  blanks = 0;
  ended = false;
  slow = false;
  write(lines: string): boolean {
    if (this.slow) return false;
    this.text += lines;
    return true;
  }
  keepAlive(): boolean {
    this.blanks++;
    return !this.slow;
  }
  end(): void {
    this.ended = true;
  }
}

const event = (type: string, revision: number) =>
  `${JSON.stringify({ type, object: { kind: "Pod", apiVersion: "v1", metadata: { name: "a", resourceVersion: String(revision) } } })}\n`;
const bookmark = (revision: string) => `{"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"${revision}"}}}\n`;
const request = (query: Record<string, string> = {}): WatchRequest => ({
  group: "",
  version: "v1",
  resource: "pods",
  namespace: "",
  name: "",
  query: { watch: "1", ...query },
  credential: { tokenHash: "h" },
});

function begin(query: Record<string, string> = {}, answers: (WatchAnswer | Error)[] = []) {
  const [socket, sink] = [new FakeSocket(), new FakeSink()];
  const connections: WatchRequest[] = [];
  const options: WatchOptions = {
    request: request(query),
    async connect(wanted) {
      connections.push(wanted);
      const answer = answers.shift() ?? new Error("nobody answers");
      if (answer instanceof Error) throw answer;
      return answer;
    },
    identity: async () => ({ kind: "Pod", apiVersion: "v1" }),
    transform: undefined,
    random: () => 0,
  };
  const watch = new Watch(options, sink);
  watch.start(socket);
  return { socket, sink, connections, watch };
}

const opened = (socket: FakeSocket): WatchAnswer => ({ status: 101, webSocket: socket, text: async () => "" });
const refused = (status: number, text: string): WatchAnswer => ({ status, webSocket: null, text: async () => text });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a watch", () => {
  it("passes the object's lines on as they are", () => {
    const { socket, sink } = begin();
    expect(socket.accepted).toBe(true);
    socket.say(`7\n${event("ADDED", 6)}${event("MODIFIED", 7)}`);
    socket.say("9\n");
    expect(sink.text).toBe(event("ADDED", 6) + event("MODIFIED", 7));
  });

  it("sends a bookmark of the last complete revision each minute to a client that wants them", async () => {
    const { socket, sink } = begin({ allowWatchBookmarks: "true" });
    socket.say(`7\n${event("ADDED", 7)}`);
    socket.say("9\n");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sink.text).toBe(event("ADDED", 7) + bookmark("9"));
    expect(sink.blanks).toBe(0);
  });

  it("sends no bookmark before the object has said how far it is", async () => {
    const { sink } = begin({ allowWatchBookmarks: "true" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sink.text).toBe("");
  });

  it("sends blank lines to a client that wants none", async () => {
    const { socket, sink } = begin();
    socket.say("9\n");
    await vi.advanceTimersByTimeAsync(120_000);
    expect(sink).toMatchObject({ text: "", blanks: 2 });
  });

  it("ends after timeoutSeconds, with a bookmark shortly before; the `timeout` parameter does not count", async () => {
    const { socket, sink } = begin({ allowWatchBookmarks: "true", timeoutSeconds: "30", timeout: "1s" });
    socket.say("9\n");
    await vi.advanceTimersByTimeAsync(28_000);
    expect(sink).toMatchObject({ text: bookmark("9"), ended: false });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(sink).toMatchObject({ text: bookmark("9"), ended: true });
    expect(socket.closedWith).toBe(1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends when the object ends it", () => {
    const { socket, sink, connections } = begin();
    socket.say(`9\n{"type":"ERROR","object":{"kind":"Status","code":410}}\n`);
    socket.drop(1000);
    expect(sink.ended).toBe(true);
    expect(connections).toEqual([]);
  });

  it("ends when its client is too slow, and closes the object's end", () => {
    const { socket, sink } = begin();
    sink.slow = true;
    socket.say(`9\n${event("ADDED", 9)}`);
    expect(sink.ended).toBe(true);
    expect(socket.closedWith).toBe(1000);
  });
});

describe("when the object restarts", () => {
  it("goes on from the last complete revision, without asking for an initial state again", async () => {
    const next = new FakeSocket();
    const query = { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan", allowWatchBookmarks: "true", labelSelector: "a=b", resourceVersion: "1" };
    const { socket, sink, connections } = begin(query, [new Error("restarting"), refused(503, ""), opened(next)]);
    socket.say(`7\n${event("ADDED", 7)}`);
    socket.drop(1006);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(connections).toHaveLength(3);
    expect(connections[2]?.query).toEqual({ watch: "1", allowWatchBookmarks: "true", labelSelector: "a=b", resourceVersion: "7" });
    next.say(`8\n${event("MODIFIED", 8)}`);
    expect(sink.text).toBe(event("ADDED", 7) + event("MODIFIED", 8));
    expect(sink.ended).toBe(false);
  });

  it("starts over when nothing was complete yet", async () => {
    const next = new FakeSocket();
    const { socket, connections } = begin({ sendInitialEvents: "true" }, [opened(next)]);
    socket.drop(1006);
    await vi.advanceTimersByTimeAsync(0);
    expect(connections[0]?.query).toEqual({ watch: "1", sendInitialEvents: "true" });
  });

  it("ends when half an initial state was sent: going on would send objects twice", () => {
    const { socket, sink, connections } = begin({ sendInitialEvents: "true" });
    socket.say(`0\n${event("ADDED", 3)}`);
    socket.drop(1006);
    expect(sink.ended).toBe(true);
    expect(connections).toEqual([]);
  });

  it("ignores what a lost socket still says", async () => {
    const next = new FakeSocket();
    const { socket, sink } = begin({}, [opened(next)]);
    socket.drop(1006);
    await vi.advanceTimersByTimeAsync(0);
    socket.say(`9\n${event("ADDED", 9)}`);
    socket.drop(1006);
    expect(sink.text).toBe("");
    expect(next.closedWith).toBeUndefined();
  });

  it("tells the client by an ERROR event that its revision is too old", async () => {
    const status = '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"Expired","code":410}';
    const { socket, sink } = begin({}, [refused(410, `${status}\n`)]);
    socket.say("7\n");
    socket.drop(1006);
    await vi.advanceTimersByTimeAsync(0);
    expect(sink.text).toBe(`{"type":"ERROR","object":${status}}\n`);
    expect(sink.ended).toBe(true);
  });

  it("gives up after half a minute", async () => {
    const { socket, sink } = begin();
    socket.drop(1006);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sink.ended).toBe(true);
  });

  it("closes a connection that comes after the client has left", async () => {
    const next = new FakeSocket();
    const { socket, watch } = begin({}, [new Error("not yet"), opened(next)]);
    socket.drop(1006);
    await vi.advanceTimersByTimeAsync(10);
    watch.end();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(next.accepted ? next.closedWith : 1000).toBe(1000);
  });
});

describe("over HTTP", () => {
  const serve = (query: Record<string, string> = {}) => {
    const [socket, abort] = [new FakeSocket(), new AbortController()];
    const options: WatchOptions = { request: request(query), connect: async () => opened(socket), identity: async () => undefined, transform: undefined };
    return { socket, abort, response: httpWatch(options, socket, abort.signal, { "Content-Type": "application/json" }) };
  };

  it("streams each message at once and ends cleanly", async () => {
    const { socket, response } = serve();
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    socket.say(`7\n${event("ADDED", 7)}`);
    expect(new TextDecoder().decode((await reader.read()).value)).toBe(event("ADDED", 7));
    socket.drop(1000);
    expect((await reader.read()).done).toBe(true);
  });

  it.each(["abort", "cancel"])("closes the object's end when the client leaves (%s)", async (how) => {
    const { socket, abort, response } = serve();
    if (how === "abort") abort.abort();
    else await response.body?.cancel();
    expect(socket.closedWith).toBe(1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("cuts off a reader that lets 32 MiB wait", () => {
    const { socket } = serve();
    const line = `${"x".repeat(1024 * 1024)}\n`;
    for (let i = 0; i < 40 && socket.closedWith === undefined; i++) socket.say(`7\n${line}`);
    expect(socket.closedWith).toBe(1000);
  });
});

describe("how long a watch lasts", () => {
  it.each<[string | undefined, number, number]>([
    ["30", 0, 30],
    [undefined, 0, 1800],
    [undefined, 0.5, 2700],
    ["0", 1, 3600],
    ["nonsense", 0, 1800],
    ["-5", 0, 0],
  ])("timeoutSeconds=%s", (asked, random, expected) => {
    expect(timeoutSeconds(asked, () => random)).toBe(expected);
  });
});

describe("other views of events", () => {
  const shape = {
    columns: [{ name: "Name", type: "string" as const }],
    cells: (object: { metadata?: unknown }) => [(object.metadata as { name: string }).name],
  };
  const now = () => new Date(0);

  it("tables: one row each, columns in the first only, errors as they are", () => {
    const transform = eventTransform({ group: "meta.k8s.io", version: "v1", kind: "Table" }, shape, "None", now);
    const events = transform(`${event("ADDED", 1) + event("MODIFIED", 2) + bookmark("3")}{"type":"ERROR","object":{"kind":"Status","code":410}}\n`)
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events[0].object.columnDefinitions).toEqual([{ name: "Name", type: "string", format: "", description: "", priority: 0 }]);
    expect(events[1]).toEqual({
      type: "MODIFIED",
      object: {
        kind: "Table",
        apiVersion: "meta.k8s.io/v1",
        metadata: { resourceVersion: "2" },
        columnDefinitions: null,
        rows: [{ cells: ["a"], object: null }],
      },
    });
    expect(events[2].object.rows[0].cells).toEqual([null]);
    expect(events[3]).toEqual({ type: "ERROR", object: { kind: "Status", code: 410 } });
  });

  it("metadata only", () => {
    const transform = eventTransform({ group: "meta.k8s.io", version: "v1", kind: "PartialObjectMetadata" }, undefined, "Metadata", now);
    expect(JSON.parse(transform(event("ADDED", 1)))).toEqual({
      type: "ADDED",
      object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: { name: "a", resourceVersion: "1" } },
    });
  });
});
