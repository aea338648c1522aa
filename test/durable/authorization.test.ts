/** What users who are no administrators may do, as kube-apiserver v1.36.3 decides and words it. */
import { beforeAll, describe, expect, it } from "vitest";
import { CREDENTIAL, newCluster, parsePath, type TestCluster } from "./harness.ts";

const RBAC = "rbac.authorization.k8s.io/v1";
const REVIEWS = "authorization.k8s.io/v1";

let cluster: TestCluster;

function as(user: string, groups: string[] = []) {
  const credential = { ...CREDENTIAL, impersonate: { user, groups, extra: {} } };
  const send = (verb: "create" | "delete" | "get" | "list", path: string, body?: unknown, query: Record<string, string> = {}) =>
    cluster.send({ verb, ...parsePath(path), body, query, credential });
  return { send };
}

function binding(name: string, role: string, subject: object) {
  return {
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: role === "reader" ? "Role" : "ClusterRole", name: role },
    subjects: [subject],
  };
}

const user = (name: string) => ({ apiGroup: "rbac.authorization.k8s.io", kind: "User", name });

beforeAll(async () => {
  cluster = await newCluster();
  await cluster.create(`${RBAC}/namespaces/default/roles`, {
    metadata: { name: "reader" },
    rules: [
      { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] },
      { apiGroups: [""], resources: ["secrets"], resourceNames: ["mine"], verbs: ["get"] },
      { apiGroups: ["apps"], resources: ["*/scale"], verbs: ["*"] },
    ],
  });
  await cluster.create(`${RBAC}/namespaces/default/rolebindings`, binding("bob-reads", "reader", user("bob")));
  await cluster.create(`${RBAC}/namespaces/default/rolebindings`, binding("robot", "reader", { kind: "ServiceAccount", name: "robot" }));
  await cluster.create(`${RBAC}/clusterrolebindings`, binding("team-views", "view", { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "team" }));
  await cluster.create(`${RBAC}/clusterrolebindings`, binding("broken", "absent", user("carol")));
});

describe("a user outside system:masters", () => {
  it.each([
    ["bob", [], "list", "v1/namespaces/default/configmaps", 200],
    ["bob", [], "list", "v1/namespaces/kube-system/configmaps", 403],
    ["bob", [], "list", "v1/configmaps", 403],
    ["bob", [], "get", "v1/namespaces/default/secrets/mine", 404],
    ["bob", [], "get", "v1/namespaces/default/secrets/other", 403],
    ["bob", [], "get", "apps/v1/namespaces/default/deployments/x/scale", 404],
    ["bob", [], "get", "apps/v1/namespaces/default/deployments/x", 403],
    ["system:serviceaccount:default:robot", [], "list", "v1/namespaces/default/configmaps", 200],
    ["system:serviceaccount:kube-system:robot", [], "list", "v1/namespaces/default/configmaps", 403],
    ["alice", ["team"], "list", "v1/configmaps", 200],
    ["alice", ["team"], "list", "v1/secrets", 403],
    ["alice", [], "list", "v1/configmaps", 403],
  ] as const)("%s of %j: %s %s → %i", async (name, groups, verb, path, status) => {
    expect((await as(name, [...groups]).send(verb, path)).status).toBe(status);
  });

  it.each([
    ["v1/namespaces/default/pods", "list", 'pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "default"'],
    ["v1/nodes/n", "get", 'nodes "n" is forbidden: User "bob" cannot get resource "nodes" in API group "" at the cluster scope'],
    [
      "v1/namespaces/default",
      "get",
      'namespaces "default" is forbidden: User "bob" cannot get resource "namespaces" in API group "" in the namespace "default"',
    ],
    [
      "v1/namespaces/default/pods/p/status",
      "get",
      'pods "p" is forbidden: User "bob" cannot get resource "pods/status" in API group "" in the namespace "default"',
    ],
  ] as const)("is refused %s in upstream's words", async (path, verb, message) => {
    const { status, body } = await as("bob").send(verb, path);
    expect([status, body.reason, body.message]).toEqual([403, "Forbidden", message]);
  });

  it("is told of a binding whose role does not exist", async () => {
    const { body } = await as("carol").send("list", "v1/nodes");
    expect(body.message).toBe(
      'nodes is forbidden: User "carol" cannot list resource "nodes" in API group "" at the cluster scope: RBAC: clusterrole.rbac.authorization.k8s.io "absent" not found',
    );
  });

  it("may not watch what it may not watch", async () => {
    const credential = { ...CREDENTIAL, impersonate: { user: "bob", groups: [], extra: {} } };
    const headers = { Upgrade: "websocket", "x-perigee-watch": JSON.stringify({ ...parsePath("v1/namespaces/default/secrets"), query: {}, credential }) };
    expect((await cluster.stub.fetch("https://cluster/watch", { headers })).status).toBe(403);
  });

  it("gains the rules that another role adds to an aggregated one", async () => {
    expect((await as("alice", ["team"]).send("list", "v1/nodes")).status).toBe(403);
    const labels = { "rbac.authorization.k8s.io/aggregate-to-view": "true" };
    await cluster.create(`${RBAC}/clusterroles`, {
      metadata: { name: "view-nodes", labels },
      rules: [{ apiGroups: [""], resources: ["nodes"], verbs: ["list"] }],
    });
    expect((await as("alice", ["team"]).send("list", "v1/nodes")).status).toBe(200);
  });
});

describe("access reviews", () => {
  const resourceAttributes = { namespace: "default", verb: "list", resource: "configmaps" };

  it("answer for who asks", async () => {
    const { body } = await as("bob").send("create", `${REVIEWS}/selfsubjectaccessreviews`, { spec: { resourceAttributes } });
    expect(body.status).toEqual({ allowed: true, reason: 'RBAC: allowed by RoleBinding "bob-reads/default" of Role "reader" to User "bob"' });
    const refused = await as("bob").send("create", `${REVIEWS}/selfsubjectaccessreviews`, {
      spec: { resourceAttributes: { ...resourceAttributes, verb: "delete" } },
    });
    expect(refused.body.status).toEqual({ allowed: false });
  });

  it("answer for others, also about paths", async () => {
    const spec = { user: "eve", groups: ["system:authenticated"], nonResourceAttributes: { path: "/api/v1", verb: "get" } };
    const { body } = await cluster.create(`${REVIEWS}/subjectaccessreviews`, { spec });
    expect(body.status).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by ClusterRoleBinding "system:discovery" of ClusterRole "system:discovery" to Group "system:authenticated"',
    });
  });

  it.each([
    ["selfsubjectaccessreviews", {}, "spec.resourceAttributes"],
    ["subjectaccessreviews", { resourceAttributes }, "spec.user"],
    ["selfsubjectaccessreviews", { resourceAttributes, nonResourceAttributes: { path: "/" } }, "spec.nonResourceAttributes"],
    [
      "namespaces/default/localsubjectaccessreviews",
      { user: "a", resourceAttributes: { ...resourceAttributes, namespace: "b" } },
      "spec.resourceAttributes.namespace",
    ],
  ])("are refused when incomplete: %s %j", async (path, spec, field) => {
    const { status, body } = await cluster.create(`${REVIEWS}/${path}`, { spec });
    expect([status, body.details.causes[0].field]).toEqual([422, field]);
  });

  it("list the rules that hold in a namespace", async () => {
    const { body } = await as("bob").send("create", `${REVIEWS}/selfsubjectrulesreviews`, { spec: { namespace: "default" } });
    expect(body.status.resourceRules).toContainEqual({ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] });
    expect(body.status).toMatchObject({ incomplete: false, nonResourceRules: expect.arrayContaining([expect.objectContaining({ verbs: ["get"] })]) });
  });

  it("say who acts, with the groups that an account brings along", async () => {
    const { body } = await as("system:serviceaccount:a:b").send("create", "authentication.k8s.io/v1/selfsubjectreviews", {});
    expect(body.status.userInfo).toEqual({
      username: "system:serviceaccount:a:b",
      groups: ["system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated"],
    });
  });
});
