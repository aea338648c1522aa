import { beforeAll, describe, expect, it } from "vitest";
import { newCluster, type TestCluster } from "./harness.ts";

const MAPS = "v1/namespaces/default/configmaps";
const MERGE = "application/merge-patch+json";

function map(name: string, data: Record<string, string> = {}, metadata: object = {}): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ...metadata }, data };
}

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await newCluster();
});

describe("create", () => {
  it("answers 201 with the metadata that the server owns", async () => {
    const { status, body } = await cluster.create(MAPS, map("created", { a: "1" }));
    expect(status).toBe(201);
    expect(body.metadata).toMatchObject({
      name: "created",
      namespace: "default",
      uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      resourceVersion: expect.stringMatching(/^[1-9]\d*$/),
    });
    expect(body.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(body.metadata.managedFields[0]).toMatchObject({ manager: "test", operation: "Update", fieldsV1: { "f:data": { ".": {}, "f:a": {} } } });
  });

  it("refuses a name that exists", async () => {
    await cluster.create(MAPS, map("twice"));
    const { status, body } = await cluster.create(MAPS, map("twice"));
    expect([status, body.reason, body.message]).toEqual([409, "AlreadyExists", 'configmaps "twice" already exists']);
  });

  it("makes names from generateName that differ", async () => {
    const names = await Promise.all(Array.from({ length: 20 }, () => cluster.create(MAPS, { metadata: { generateName: "g-" } })));
    expect(new Set(names.map(({ body }) => body.metadata.name)).size).toBe(20);
  });

  it("stores nothing on a dry run", async () => {
    const { status, body } = await cluster.create(MAPS, map("dry"), { dryRun: "All" });
    expect(status).toBe(201);
    expect(body.metadata.uid).toBeDefined();
    expect(body.metadata.resourceVersion).toBeUndefined();
    expect((await cluster.get(`${MAPS}/dry`)).status).toBe(404);
  });

  it("takes a resource version on a dry run, as it is the storage that refuses it", async () => {
    const { status, body } = await cluster.create(MAPS, map("dry", {}, { resourceVersion: "5" }), { dryRun: "All" });
    expect([status, body.metadata.resourceVersion]).toEqual([201, "5"]);
  });

  it.each([
    ["a missing namespace", "v1/namespaces/nowhere/configmaps", map("a"), 404, 'namespaces "nowhere" not found'],
    [
      "another namespace in the body",
      MAPS,
      map("a", {}, { namespace: "other" }),
      400,
      "the namespace of the provided object does not match the namespace sent on the request",
    ],
    ["a resource version", MAPS, map("a", {}, { resourceVersion: "5" }), 500, "resourceVersion should not be set on objects to be created"],
    ["no name", MAPS, { metadata: {} }, 422, 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'],
    [
      "another kind",
      MAPS,
      { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } },
      400,
      'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
    ],
  ])("refuses %s", async (_what, path, body, status, message) => {
    const before = (await cluster.list(MAPS)).body.metadata.resourceVersion;
    const answer = await cluster.create(path, body);
    expect([answer.status, answer.body.message]).toEqual([status, message]);
    expect((await cluster.list(MAPS)).body.metadata.resourceVersion).toBe(before);
  });

  it.each([
    ["Strict", 400, 'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "extra"', 0],
    ["Warn", 201, undefined, 1],
    ["Ignore", 201, undefined, 0],
  ])("treats unknown fields by fieldValidation=%s", async (fieldValidation, status, message, warnings) => {
    const answer = await cluster.create(MAPS, { ...map(`unknown-${fieldValidation.toLowerCase()}`), extra: 1 }, { fieldValidation });
    expect(answer.status).toBe(status);
    expect(answer.body.message).toBe(message);
    expect(answer.warnings).toHaveLength(warnings);
  });
});

describe("update and patch", () => {
  it("writes nothing when nothing changes", async () => {
    const { body: created } = await cluster.create(MAPS, map("same", { a: "1" }));
    const { status, body } = await cluster.update(`${MAPS}/same`, created);
    expect([status, body.metadata.resourceVersion]).toEqual([200, created.metadata.resourceVersion]);
    const patched = await cluster.patch(`${MAPS}/same`, MERGE, { data: { a: "1" } });
    expect(patched.body.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
  });

  it("refuses a stale resource version and takes none as unconditional", async () => {
    const { body: created } = await cluster.create(MAPS, map("stale", { a: "1" }));
    expect((await cluster.update(`${MAPS}/stale`, map("stale", { a: "2" }))).status).toBe(200);
    const { status, body } = await cluster.update(`${MAPS}/stale`, { ...created, data: { a: "3" } });
    expect([status, body.reason]).toEqual([409, "Conflict"]);
    expect((await cluster.get(`${MAPS}/stale`)).body.data).toEqual({ a: "2" });
  });

  it("lets concurrent patches all succeed", async () => {
    await cluster.create(MAPS, map("busy"));
    const answers = await Promise.all(Array.from({ length: 30 }, (_, at) => cluster.patch(`${MAPS}/busy`, MERGE, { data: { [`k${at}`]: "v" } })));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(Object.keys((await cluster.get(`${MAPS}/busy`)).body.data)).toHaveLength(30);
  });

  it("creates on PUT only the kinds that allow it", async () => {
    expect((await cluster.update(`${MAPS}/absent`, map("absent"))).status).toBe(404);
    const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "put" }, spec: {} };
    expect((await cluster.update("coordination.k8s.io/v1/namespaces/default/leases/put", lease)).status).toBe(201);
  });

  it("keeps metadata that only the server sets", async () => {
    const { body: created } = await cluster.create(MAPS, map("owned"));
    const { body } = await cluster.patch(`${MAPS}/owned`, MERGE, {
      metadata: { generation: 7, selfLink: "x", creationTimestamp: "2020-01-01T00:00:00Z", uid: null },
      data: { a: "1" },
    });
    expect(body.metadata).toMatchObject({ uid: created.metadata.uid, creationTimestamp: created.metadata.creationTimestamp });
    expect(body.metadata.generation ?? body.metadata.selfLink).toBeUndefined();
    const claimed = await cluster.patch(`${MAPS}/owned`, MERGE, { metadata: { deletionTimestamp: "2020-01-01T00:00:00Z" } });
    expect([claimed.status, claimed.body.details.causes[0].field]).toEqual([422, "metadata.deletionTimestamp"]);
  });

  it("keeps status and spec apart", async () => {
    const path = "apps/v1/namespaces/default/deployments";
    const template = { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "c", image: "i" }] } };
    await cluster.create(path, { metadata: { name: "web" }, spec: { selector: { matchLabels: { app: "a" } }, template }, status: { replicas: 9 } });
    const first = await cluster.get(`${path}/web`);
    expect(first.body.status.replicas).toBeUndefined();
    expect(first.body.metadata.generation).toBe(1);
    await cluster.patch(`${path}/web/status`, MERGE, { spec: { replicas: 5 }, status: { replicas: 2 } });
    const second = await cluster.patch(`${path}/web`, MERGE, { spec: { replicas: 3 }, status: { replicas: 7 } });
    expect(second.body).toMatchObject({ spec: { replicas: 3 }, status: { replicas: 2 }, metadata: { generation: 2 } });
  });

  it("scales through /scale", async () => {
    const path = "apps/v1/namespaces/default/deployments/web/scale";
    const { body } = await cluster.patch(path, MERGE, { spec: { replicas: 6 } });
    expect(body).toMatchObject({ kind: "Scale", spec: { replicas: 6 }, status: { selector: "app=a" } });
    expect((await cluster.get("apps/v1/namespaces/default/deployments/web")).body.spec.replicas).toBe(6);
  });
});

describe("delete", () => {
  it("removes at once what nothing keeps", async () => {
    const { body: created } = await cluster.create(MAPS, map("gone"));
    const { status, body } = await cluster.delete(`${MAPS}/gone`);
    expect([status, body]).toEqual([
      200,
      {
        kind: "Status",
        apiVersion: "v1",
        metadata: {},
        status: "Success",
        details: { name: "gone", kind: "configmaps", uid: created.metadata.uid },
      },
    ]);
    expect((await cluster.get(`${MAPS}/gone`)).status).toBe(404);
  });

  it("marks what finalizers keep, and removes it with the last finalizer", async () => {
    await cluster.create(MAPS, map("kept", {}, { finalizers: ["example.com/a"] }));
    const { body } = await cluster.delete(`${MAPS}/kept`);
    expect(body.metadata).toMatchObject({ deletionTimestamp: expect.any(String), deletionGracePeriodSeconds: 0, finalizers: ["example.com/a"] });
    await cluster.patch(`${MAPS}/kept`, MERGE, { metadata: { finalizers: null } });
    expect((await cluster.get(`${MAPS}/kept`)).status).toBe(404);
  });

  it("honours preconditions", async () => {
    await cluster.create(MAPS, map("guarded"));
    const { status, body } = await cluster.delete(`${MAPS}/guarded`, { preconditions: { uid: "other" } });
    expect([status, body.reason]).toEqual([409, "Conflict"]);
    expect((await cluster.get(`${MAPS}/guarded`)).status).toBe(200);
  });

  it("deletes a collection by label", async () => {
    await cluster.create(MAPS, map("in-1", {}, { labels: { set: "x" } }));
    await cluster.create(MAPS, map("in-2", {}, { labels: { set: "x" } }));
    await cluster.create(MAPS, map("out", {}, { labels: { set: "y" } }));
    const { body } = await cluster.delete(MAPS, undefined, { labelSelector: "set=x" });
    expect(body.items.map((each: { metadata: { name: string } }) => each.metadata.name)).toEqual(["in-1", "in-2"]);
    expect((await cluster.get(`${MAPS}/out`)).status).toBe(200);
  });

  it("never deletes the first namespaces", async () => {
    const { status, body } = await cluster.delete("v1/namespaces/default");
    expect([status, body.message]).toEqual([403, 'namespaces "default" is forbidden: this namespace may not be deleted']);
  });
});

describe("list", () => {
  it("pages through one snapshot, whatever is written meanwhile", async () => {
    const path = "v1/namespaces/default/podtemplates";
    for (let at = 0; at < 7; at++)
      await cluster.create(path, { metadata: { name: `t${at}` }, template: { spec: { containers: [{ name: "c", image: "i" }] } } });
    const first = await cluster.list(path, { limit: "3" });
    expect(first.body.metadata).toMatchObject({ remainingItemCount: 4, continue: expect.any(String) });
    await cluster.delete(`${path}/t5`);
    await cluster.create(path, { metadata: { name: "t9" }, template: { spec: { containers: [{ name: "c", image: "i" }] } } });
    const second = await cluster.list(path, { limit: "10", continue: first.body.metadata.continue });
    expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
    expect(second.body.items.map((each: { metadata: { name: string } }) => each.metadata.name)).toEqual(["t3", "t4", "t5", "t6"]);
    expect(second.body.metadata.continue).toBeUndefined();
  });

  it.each([
    [{ labelSelector: "a b" }, 400],
    [{ fieldSelector: "foo=bar" }, 400],
    [{ resourceVersion: "abc" }, 400],
    [{ continue: "abc" }, 400],
    [{ limit: "abc" }, 400],
    [{ resourceVersion: "99999999" }, 504],
    [{ resourceVersionMatch: "Exact" }, 422],
    [{ sendInitialEvents: "true" }, 422],
  ])("refuses %j with %i", async (query, status) => {
    expect((await cluster.list(MAPS, query as Record<string, string>)).status).toBe(status);
  });
});

describe("lists by a selector", () => {
  it("show every write at once, also of collections listed before", async () => {
    const path = "v1/namespaces/default/secrets";
    const names = async (query: Record<string, string>) =>
      (await cluster.list(path, query)).body.items.map((each: { metadata: { name: string } }) => each.metadata.name);
    const create = (name: string) => cluster.create(path, { metadata: { name, labels: { in: "yes" } } });
    await create("sel-a");
    expect(await names({ labelSelector: "in=yes" })).toEqual(["sel-a"]);
    await create("sel-b");
    expect(await names({ labelSelector: "in=yes" })).toEqual(["sel-a", "sel-b"]);
    await cluster.patch(`${path}/sel-a`, MERGE, { metadata: { labels: { in: "no" } } });
    expect(await names({ labelSelector: "in=yes" })).toEqual(["sel-b"]);
    await cluster.delete(`${path}/sel-b`);
    expect(await names({ labelSelector: "in=yes" })).toEqual([]);
    expect(await names({ fieldSelector: "metadata.name=sel-a" })).toEqual(["sel-a"]);
    expect(await names({ fieldSelector: "metadata.name=sel-a,type=other" })).toEqual([]);
    expect(await names({ fieldSelector: "metadata.name=sel-b" })).toEqual([]);
  });
});

describe("who may ask", () => {
  it("knows no credential but its own", async () => {
    for (const credential of [{ tokenHash: undefined }, { tokenHash: "b".repeat(64) }]) {
      expect((await cluster.send({ verb: "list", resource: "pods", credential })).status).toBe(401);
    }
  });
});
