/** The RBAC roles and bindings that every cluster has, expanded from the table data/rbac-bootstrap.json. */
import table from "../../../data/rbac-bootstrap.json" with { type: "json" };
import type { ObjectMeta } from "../object.ts";
import { RBAC_GROUP } from "../rbac/rules.ts";
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject } from "../schema/generated/types/rbac.v1.ts";

const API_VERSION = `${RBAC_GROUP}/v1`;
const READ = ["get", "list", "watch"];
const WRITE = ["create", "delete", "deletecollection", "patch", "update"];
const EVENTS: PolicyRule = { verbs: ["create", "patch", "update"], apiGroups: ["", "events.k8s.io"], resources: ["events"] };
/** Roles that others fill by label, in an order in which each is complete when the next needs it. */
const AGGREGATED = ["view", "edit", "admin"];

/** A rule as the table writes it: [verbs, groups, resources, names?], [verbs, URLs], or "E" for writing events. */
type TableRule = string | string[];
type TableRole = TableRule[] | { to?: string; from?: string; rules?: TableRule[] };
type TableBinding = string | string[];

export function rbacObjects(): (ClusterRole | ClusterRoleBinding | Role | RoleBinding)[] {
  const entries = <T>(part: unknown): [string, T][] => Object.entries(part as Record<string, T>);
  const clusterRoles = entries<TableRole>(table.clusterRoles).map(([name, role]) => clusterRole(name, role));
  const controllers = entries<TableRule[]>(table.controllers).map(([name, rules]) => clusterRole(`system:controller:${name}`, rules));
  aggregate(clusterRoles);
  return [
    ...clusterRoles,
    ...controllers,
    ...entries<TableBinding>(table.clusterRoleBindings).map(([name, binding]) => clusterRoleBinding(name, binding)),
    ...entries<TableRule[]>(table.controllers).map(([name]) => clusterRoleBinding(`system:controller:${name}`, `S:kube-system/${name}`)),
    ...entries<TableRule[]>(table.roles).map(([path, rules]): Role => {
      const { namespace, name } = split(path);
      return { apiVersion: API_VERSION, kind: "Role", metadata: metadata(name, namespace), rules: rules.map(policyRule) };
    }),
    ...entries<TableBinding>(table.roleBindings).map(([path, binding]): RoleBinding => {
      const { namespace, name } = split(path);
      const { role, subjects } = bound(name, binding);
      return {
        apiVersion: API_VERSION,
        kind: "RoleBinding",
        metadata: metadata(name, namespace),
        subjects,
        roleRef: { apiGroup: RBAC_GROUP, kind: "Role", name: role },
      };
    }),
  ];
}

function metadata(name: string, namespace?: string): ObjectMeta {
  return {
    name,
    ...(namespace ? { namespace } : {}),
    labels: { "kubernetes.io/bootstrapping": "rbac-defaults" },
    annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" },
  };
}

function clusterRole(name: string, role: TableRole): ClusterRole {
  const { to, from, rules } = Array.isArray(role) ? { rules: role } : role;
  const made: ClusterRole = { apiVersion: API_VERSION, kind: "ClusterRole", metadata: metadata(name), rules: (rules ?? []).map(policyRule) };
  if (to) made.metadata.labels = { ...made.metadata.labels, [aggregateLabel(to)]: "true" };
  if (from) made.aggregationRule = { clusterRoleSelectors: [{ matchLabels: { [aggregateLabel(from)]: "true" } }] };
  return made;
}

function aggregateLabel(role: string): string {
  return `rbac.authorization.k8s.io/aggregate-to-${role}`;
}

/** Fills the aggregated roles as the aggregation controller would: rules of the selected roles in name order, each once. */
function aggregate(roles: readonly ClusterRole[]): void {
  const byName = [...roles].sort((a, b) => ((a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1));
  for (const name of AGGREGATED) {
    const target = roles.find((role) => role.metadata.name === name);
    if (!target) continue;
    const rules = byName.filter((role) => role.metadata.labels?.[aggregateLabel(name)] === "true").flatMap((role) => role.rules);
    target.rules = [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
  }
}

function policyRule(rule: TableRule): PolicyRule {
  if (typeof rule === "string") return structuredClone(EVENTS);
  const [verbs = "", second = "", resources, names] = rule;
  if (resources === undefined) return { verbs: verbsOf(verbs), nonResourceURLs: second.split(",") };
  return { verbs: verbsOf(verbs), apiGroups: second.split(","), resources: resources.split(","), ...(names ? { resourceNames: names.split(",") } : {}) };
}

function verbsOf(text: string): string[] {
  switch (text) {
    case "R":
      return [...READ];
    case "W":
      return [...WRITE];
    case "RW":
      return [...READ, ...WRITE].sort();
    default:
      return text.split(",");
  }
}

function clusterRoleBinding(name: string, binding: TableBinding): ClusterRoleBinding {
  const { role, subjects } = bound(name, binding);
  const made: ClusterRoleBinding = {
    apiVersion: API_VERSION,
    kind: "ClusterRoleBinding",
    metadata: metadata(name),
    roleRef: { apiGroup: RBAC_GROUP, kind: "ClusterRole", name: role },
  };
  if (subjects.length > 0) made.subjects = subjects;
  return made;
}

function bound(name: string, binding: TableBinding): { role: string; subjects: Subject[] } {
  const [role = name, list = ""] = Array.isArray(binding) ? binding : [name, binding];
  return { role, subjects: list ? list.split(",").map(subject) : [] };
}

function subject(text: string): Subject {
  const kind = text.slice(0, 1);
  const rest = text.slice(2);
  if (kind === "S") {
    const { namespace, name } = split(rest);
    return { kind: "ServiceAccount", name, namespace };
  }
  return { kind: kind === "G" ? "Group" : "User", apiGroup: RBAC_GROUP, name: rest };
}

function split(path: string): { namespace: string; name: string } {
  const slash = path.indexOf("/");
  return { namespace: path.slice(0, slash), name: path.slice(slash + 1) };
}
