/** What the verbs answer to odd requests; the expected answers are those of kube-apiserver v1.36.3. */
import { beforeAll, describe, expect, it } from "vitest";
import { newCluster, type TestCluster } from "./harness.ts";

const MAPS = "v1/namespaces/default/configmaps";
const DEPLOYMENTS = "apps/v1/namespaces/default/deployments";
const MERGE = "application/merge-patch+json";
const STRATEGIC = "application/strategic-merge-patch+json";
const JSON_PATCH = "application/json-patch+json";

function map(name: string, metadata: object = {}, data: Record<string, string> = {}): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ...metadata }, data };
}

const owner = { apiVersion: "v1", kind: "ConfigMap", name: "o", uid: "u" };

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await newCluster();
  await cluster.create(MAPS, map("it", {}, { a: "1" }));
});

describe("bodies that are not of the kind", () => {
  it.each([
    [
      "a list",
      "[]",
      'json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)',
    ],
    ["a kind that is a number", '{"kind":1}', 'json: cannot unmarshal number into Go struct field .kind of type string ({"kind":1})'],
  ])("refuses %s", async (_what, body, problem) => {
    const answer = await cluster.create(MAPS, body);
    expect([answer.status, answer.body.message]).toEqual([
      400,
      `the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: ${problem}`,
    ]);
  });

  it.each([
    [
      { apiVersion: "v1", kind: "Nope" },
      'Nope in version "v1" cannot be handled as a ConfigMap: no kind "Nope" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"',
    ],
    [
      { apiVersion: "apps/v1", kind: "Deployment" },
      'Deployment in version "v1" cannot be handled as a ConfigMap: converting (v1.Deployment) to (core.ConfigMap): unknown conversion',
    ],
    [{ apiVersion: "v1", kind: "Secret", data: { a: "!" } }, 'Secret in version "v1" cannot be handled as a ConfigMap: illegal base64 data at input byte 0'],
    [
      { apiVersion: "a/b/c", kind: "X" },
      'the object provided is unrecognized (must be of type ConfigMap): unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c","kind":" ...)',
    ],
  ])("refuses %j", async (body, message) => {
    const answer = await cluster.create(MAPS, body);
    expect([answer.status, answer.body.message]).toEqual([400, message]);
  });

  it("refuses another version of the kind in its own words", async () => {
    const body = { apiVersion: "autoscaling/v1", kind: "HorizontalPodAutoscaler", metadata: { name: "a" } };
    const answer = await cluster.create("autoscaling/v2/namespaces/default/horizontalpodautoscalers", body);
    expect(answer.body.message).toBe("the API version in the data (autoscaling/v1) does not match the expected API version (autoscaling/v2)");
  });
});

describe("metadata", () => {
  it("takes the namespace from what is cluster-scoped", async () => {
    const { status, body } = await cluster.create("v1/namespaces", { metadata: { name: "lost", namespace: "other" } });
    expect([status, body.metadata.namespace]).toEqual([201, undefined]);
  });

  it.each([
    ["5", 500],
    ["0", 201],
    ["abc", 201],
  ])("creates with resourceVersion %j: %i", async (resourceVersion, status) => {
    expect((await cluster.create(MAPS, map(`rv-${resourceVersion}`, { resourceVersion }))).status).toBe(status);
  });

  it("keeps equal owner references once and warns", async () => {
    const answer = await cluster.create(MAPS, map("owners", { ownerReferences: [owner, owner, { ...owner, name: "p" }] }));
    expect(answer.body.metadata.ownerReferences).toHaveLength(2);
    expect(answer.warnings[0]).toMatch(/^\.metadata\.ownerReferences contains duplicate entries; .*observed: u$/);
    const patched = await cluster.patch(`${MAPS}/owners`, MERGE, { metadata: { ownerReferences: [owner, owner] } });
    expect(patched.warnings[0]).toMatch(/contains duplicate entries after mutating admission happens; /);
  });

  it("refuses finalizers without a domain in built-in kinds", async () => {
    const { status, body } = await cluster.create(MAPS, map("finalizers", { finalizers: ["orphan", "mine"] }));
    expect([status, body.details.causes[0]]).toEqual([
      422,
      {
        reason: "FieldValueInvalid",
        field: "metadata.finalizers[1]",
        message: 'Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
      },
    ]);
  });

  it("ignores managedFields that are malformed and forgets all when asked to", async () => {
    const { body } = await cluster.create(MAPS, map("managed", { managedFields: [{ manager: "m", operation: "Nonsense", apiVersion: "v1" }] }, { a: "1" }));
    expect(body.metadata.managedFields.map((each: { manager: string }) => each.manager)).toEqual(["test"]);
    expect((await cluster.patch(`${MAPS}/managed`, MERGE, { metadata: { managedFields: [] } })).body.metadata.managedFields).toBeUndefined();
  });

  it.each([
    ["no name", { name: null }, 400, "the name of the object (it based on URL) was undeterminable: name must be provided"],
    ["another name", { name: "b" }, 400, "the name of the object (b) does not match the name on the URL (it)"],
    ["another namespace", { namespace: "b" }, 400, "the namespace of the provided object does not match the namespace sent on the request"],
    ["no namespace", { namespace: null }, 200, undefined],
    ["a resource version that is none", { resourceVersion: "abc" }, 500, 'strconv.ParseUint: parsing "abc": invalid syntax'],
  ])("patches to %s", async (_what, metadata, status, message) => {
    const answer = await cluster.patch(`${MAPS}/it`, MERGE, { metadata });
    expect([answer.status, answer.body.message]).toEqual([status, message]);
  });

  it("creates on PUT whatever resource version is given", async () => {
    const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "put-rv", resourceVersion: "7" }, spec: {} };
    expect((await cluster.update("coordination.k8s.io/v1/namespaces/default/leases/put-rv", lease)).status).toBe(201);
    const { resourceVersion: _stale, ...metadata } = lease.metadata;
    const { status, body } = await cluster.update("coordination.k8s.io/v1/namespaces/default/leases/put-rv", { ...lease, metadata });
    expect([status, body.message]).toEqual([
      422,
      'leases.coordination.k8s.io "put-rv" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    ]);
  });
});

describe("options", () => {
  it.each([
    [{ dryRun: "" }, 422, 'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: [""]: supported values: "All"'],
    [
      { fieldValidation: "strict" },
      422,
      'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "strict": supported values: "", "Ignore", "Strict", "Warn"',
    ],
    [{ timeout: "abc" }, 400, 'invalid timeout specified in the request URL - time: invalid duration "abc"'],
  ])("refuses %j", async (query, status, message) => {
    const answer = await cluster.create(MAPS, map("never"), query as unknown as Record<string, string>);
    expect([answer.status, answer.body.message]).toEqual([status, message]);
  });
});

describe("patches", () => {
  it.each([
    [{ data: { a: 5 } }, "cannot convert int64 to string"],
    [{ data: ["a"] }, "cannot restore map from slice"],
    [{ immutable: "x" }, "unrecognized type: bool"],
    [{ metadata: "x" }, "cannot restore struct from: string"],
  ])("words a strategic merge of a wrong type: %j", async (patch, problem) => {
    const { status, body } = await cluster.patch(`${MAPS}/it`, STRATEGIC, patch);
    expect([status, body.message.endsWith(`: ${problem}`)]).toEqual([422, true]);
  });

  it.each([
    [{ kind: "Pod" }, "converting (v1.Pod) to (core.ConfigMap): unknown conversion"],
    [{ apiVersion: "v2" }, 'no kind "ConfigMap" is registered for version "v2" in scheme "pkg/runtime/scheme.go:111"'],
  ])("refuses to change the type: %j", async (patch, problem) => {
    const { status, body } = await cluster.patch(`${MAPS}/it`, MERGE, patch);
    expect([status, body.message.endsWith(`: ${problem}`)]).toEqual([422, true]);
  });

  it("names a JSON patch's own duplicate and unknown fields", async () => {
    const { warnings } = await cluster.patch(`${MAPS}/it`, JSON_PATCH, '[{"op":"add","path":"/data/b","value":"1","value":"2","extra":1}]');
    expect(warnings).toEqual(['json patch duplicate field "[0].value"', 'json patch unknown field "[0].extra"']);
  });

  it("lists a patched object's unknown fields in order", async () => {
    const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };
    await cluster.create(DEPLOYMENTS, { metadata: { name: "d" }, spec: { selector: { matchLabels: { a: "b" } }, template } });
    const { warnings } = await cluster.patch(`${DEPLOYMENTS}/d`, MERGE, { spec: { unknown: 1 }, another: 2 });
    expect(warnings).toEqual(['unknown field "another"', 'unknown field "spec.unknown"']);
  });
});

it("warns of a deprecated API on every request", async () => {
  const warning = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";
  expect((await cluster.list("v1/namespaces/default/endpoints")).warnings).toEqual([warning]);
  expect((await cluster.delete("v1/namespaces/default/endpoints/absent")).warnings).toEqual([warning]);
});

describe("a patch that leaves no valid object", () => {
  it("is shown with its members in order", async () => {
    const leases = "coordination.k8s.io/v1/namespaces/default/leases";
    await cluster.create(leases, { metadata: { name: "l" }, spec: {} });
    const { status, body } = await cluster.patch(`${leases}/l`, MERGE, {
      spec: { renewTime: "z", holderIdentity: "x" },
      metadata: { labels: { b: "1", a: "2" } },
    });
    expect(status).toBe(422);
    expect(body.message).toContain('\\"spec\\":{\\"holderIdentity\\":\\"x\\",\\"renewTime\\":\\"z\\"}');
    expect(body.message).toMatch(/creationTimestamp.*labels.*a.*b.*name.*namespace.*resourceVersion.*uid.*spec/);
  });
});

describe("apply through /scale", () => {
  const APPLY = "application/apply-patch+yaml";
  const scale = (replicas: number) => ({ apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "s" }, spec: { replicas } });

  it("shares the ownership of replicas with the object itself", async () => {
    const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };
    await cluster.create(DEPLOYMENTS, { metadata: { name: "s" }, spec: { replicas: 1, selector: { matchLabels: { a: "b" } }, template } });
    const refused = await cluster.patch(`${DEPLOYMENTS}/s/scale`, APPLY, scale(2), { fieldManager: "scaler" });
    expect([refused.status, refused.body.message]).toEqual([409, 'Apply failed with 1 conflict: conflict with "test" using autoscaling/v1: .spec.replicas']);
    const forced = await cluster.patch(`${DEPLOYMENTS}/s/scale`, APPLY, scale(2), { fieldManager: "scaler", force: "true" });
    expect([forced.status, forced.body.spec]).toEqual([200, { replicas: 2 }]);
    const { body } = await cluster.get(`${DEPLOYMENTS}/s`);
    const entries = body.metadata.managedFields as {
      manager: string;
      operation: string;
      subresource?: string;
      apiVersion: string;
      fieldsV1: Record<string, Record<string, unknown>>;
    }[];
    expect(entries.find((entry) => entry.manager === "scaler")).toMatchObject({
      operation: "Apply",
      subresource: "scale",
      apiVersion: "apps/v1",
      fieldsV1: { "f:spec": { "f:replicas": {} } },
    });
    expect(entries.find((entry) => entry.manager === "test")?.fieldsV1["f:spec"]?.["f:replicas"]).toBeUndefined();
  });

  it("refuses another kind", async () => {
    const answer = await cluster.patch(`${DEPLOYMENTS}/s/scale`, APPLY, { ...scale(1), apiVersion: "apps/v1", kind: "Deployment" }, { fieldManager: "scaler" });
    expect([answer.status, answer.body.message]).toEqual([400, "invalid object type: apps/v1, Kind=Deployment"]);
  });
});

describe("deletions", () => {
  it.each([
    ["[]", /cannot unmarshal array into Go value/],
    [{ kind: "Pod", apiVersion: "v1" }, /^converting|^no kind/],
    [{ propagationPolicy: "" }, /propagationPolicy: Unsupported value: ""/],
  ])("are refused with a body like %j", async (body, message) => {
    const answer = await cluster.delete(`${MAPS}/it`, body);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.body.message).toMatch(message);
    expect((await cluster.get(`${MAPS}/it`)).status).toBe(200);
  });

  it("say of what exists but is going that it is being deleted", async () => {
    await cluster.create(MAPS, map("going", { finalizers: ["a.b/c"] }));
    await cluster.delete(`${MAPS}/going`);
    expect((await cluster.create(MAPS, map("going"))).body.message).toBe('object is being deleted: configmaps "going" already exists');
  });

  it.each([
    [{ uid: "other" }, /^Operation cannot be fulfilled on namespaces "held": Precondition failed: UID in precondition: other, UID in object meta: \S+$/],
    [{ resourceVersion: "1" }, /"held": Precondition failed: ResourceVersion in precondition: 1, ResourceVersion in object meta: \d+$/],
  ])("of a namespace refuse %j as an update does", async (preconditions, message) => {
    await cluster.create("v1/namespaces", { metadata: { name: "held" } });
    const { status, body } = await cluster.delete("v1/namespaces/held", { preconditions });
    expect([status, body.details]).toEqual([409, { name: "held", kind: "namespaces" }]);
    expect(body.message).toMatch(message);
  });

  it("of a collection hold to preconditions and answer with the list as it was", async () => {
    await cluster.create(MAPS, map("one", { labels: { col: "x" } }));
    expect((await cluster.delete(MAPS, { preconditions: { uid: "other" } }, { labelSelector: "col=x" })).status).toBe(409);
    const { body } = await cluster.delete(MAPS, undefined, { labelSelector: "col=x" });
    expect([body.kind, body.items[0].metadata.name, body.items[0].kind]).toEqual(["ConfigMapList", "one", undefined]);
  });

  it("of a pod that goes at once show when it began", async () => {
    const created = await cluster.create("v1/namespaces/default/serviceaccounts", { metadata: { name: "default" } });
    expect([201, 409]).toContain(created.status);
    await cluster.create("v1/namespaces/default/pods", { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } });
    const { body } = await cluster.delete("v1/namespaces/default/pods/p");
    expect(body.metadata).toMatchObject({ deletionGracePeriodSeconds: 0, deletionTimestamp: expect.any(String), generation: 2 });
  });
});
