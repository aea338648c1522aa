import { abortAllDurableObjects } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { connect, newCluster, type TestCluster } from "./harness.ts";

const MAPS = "v1/namespaces/default/configmaps";
const MERGE = "application/merge-patch+json";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await newCluster();
});

function map(name: string, labels: Record<string, string> = {}): object {
  return { metadata: { name, labels } };
}

async function latest(): Promise<string> {
  return (await cluster.list(MAPS, { limit: "1" })).body.metadata.resourceVersion;
}

describe("watch", () => {
  it("sends every change after the revision, in order, and then what is new", async () => {
    const from = await latest();
    await cluster.create(MAPS, map("w1"));
    await cluster.patch(`${MAPS}/w1`, MERGE, { data: { a: "1" } });
    const stream = await cluster.watch(`${MAPS}/w1`, { resourceVersion: from });
    await cluster.delete(`${MAPS}/w1`);
    const events = await stream.until(3);
    expect(events.map((event) => event.type)).toEqual(["ADDED", "MODIFIED", "DELETED"]);
    const revisions = events.map((event) => Number(event.object.metadata.resourceVersion));
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    expect(stream.revision).toBe(revisions.at(-1));
    stream.close();
  });

  it("turns entering and leaving a selector into ADDED and DELETED", async () => {
    await cluster.create(MAPS, map("moving", { color: "red" }));
    const stream = await cluster.watch(MAPS, { resourceVersion: await latest(), labelSelector: "color=blue" });
    await cluster.patch(`${MAPS}/moving`, MERGE, { metadata: { labels: { color: "blue" } } });
    await cluster.patch(`${MAPS}/moving`, MERGE, { data: { a: "1" } });
    const { body: left } = await cluster.patch(`${MAPS}/moving`, MERGE, { metadata: { labels: { color: "red" } } });
    const events = await stream.until(3);
    expect(events.map((event) => event.type)).toEqual(["ADDED", "MODIFIED", "DELETED"]);
    expect(events[2]?.object.metadata).toMatchObject({ labels: { color: "blue" }, resourceVersion: left.metadata.resourceVersion });
    stream.close();
  });

  it("sends the initial events and the bookmark that ends them", async () => {
    await cluster.create(MAPS, map("initial"));
    const { body } = await cluster.list(MAPS);
    const stream = await cluster.watch(MAPS, { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan", allowWatchBookmarks: "true" });
    const events = await stream.until(body.items.length + 1);
    expect(events.slice(0, -1).every((event) => event.type === "ADDED")).toBe(true);
    expect(events.at(-1)).toMatchObject({
      type: "BOOKMARK",
      object: { kind: "ConfigMap", metadata: { resourceVersion: body.metadata.resourceVersion, annotations: { "k8s.io/initial-events-end": "true" } } },
    });
    stream.close();
  });

  it("streams long initial lists over several turns and loses nothing written meanwhile", async () => {
    const path = "v1/namespaces/default/secrets";
    await Promise.all(Array.from({ length: 620 }, (_, at) => cluster.create(path, { metadata: { name: `s${at}` } })));
    const [stream] = await Promise.all([cluster.watch(path), cluster.create(path, { metadata: { name: "late" } })]);
    const events = await stream.until(621);
    expect(new Set(events.map((event) => event.object.metadata.name)).size).toBe(621);
    expect(events).toHaveLength(621);
    stream.close();
  });

  it("resumes across a restart of the object", async () => {
    const from = await latest();
    await cluster.create(MAPS, map("before", { resumed: "" }));
    await abortAllDurableObjects();
    cluster = connect(cluster.id);
    await cluster.create(MAPS, map("after", { resumed: "" }));
    const stream = await cluster.watch(MAPS, { resourceVersion: from, labelSelector: "resumed" });
    const events = await stream.until(2);
    expect(events.map((event) => event.object.metadata.name)).toEqual(["before", "after"]);
    stream.close();
  });

  it.each([
    [{ resourceVersion: "abc" }, 500],
    [{ sendInitialEvents: "true" }, 422],
    [{ resourceVersionMatch: "NotOlderThan" }, 422],
    [{ fieldSelector: "nope=1" }, 400],
  ])("refuses %j with %i before the stream", async (query, status) => {
    expect((await cluster.watch(MAPS, query as Record<string, string>)).status).toBe(status);
  });
});
