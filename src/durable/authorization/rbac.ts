/**
 * RBAC: who may do what by the roles that are bound to them (rbac.authorization.k8s.io/v1). A pure function over the
 * stored roles and bindings; it only ever allows, and says which binding did.
 */
import { fromLabelSelectorObject } from "../../kube/machinery/label-selector.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject } from "../../kube/schema/generated/types/rbac.v1.ts";
import type { UserInfo } from "../identity.ts";

/** Where roles and bindings are read. */
export interface PolicySource {
  get(resource: string, namespace: string, name: string): KubeObject | undefined;
  list(resource: string, namespace: string): Iterable<KubeObject>;
}

/** What is to be done: to a resource, or (with `path`) to a path that is none. */
export interface AccessAttributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  /** "" = cluster scope or all namespaces. */
  readonly namespace: string;
  readonly name: string;
  readonly path?: string;
}

export interface Decision {
  readonly allowed: boolean;
  /** Which binding allowed it; or what kept the rules from being read in full. */
  readonly reason: string;
}

export interface UserRules {
  readonly rules: readonly PolicyRule[];
  /** Bindings that name roles which do not exist. */
  readonly problems: readonly string[];
}

const GROUP = "rbac.authorization.k8s.io";
const SERVICE_ACCOUNT = "system:serviceaccount:";

/** Decides by the first rule, in the order of the bindings, that covers the attributes. */
export function authorize(source: PolicySource, user: UserInfo, attributes: AccessAttributes): Decision {
  const problems: string[] = [];
  for (const { rules, describe } of boundRules(source, user, attributes.namespace, problems)) {
    if (rules.some((rule) => covers(rule, attributes))) return { allowed: true, reason: `RBAC: allowed by ${describe()}` };
  }
  const reason = problems.length === 0 ? "" : `RBAC: ${problems.length === 1 ? problems[0] : `[${problems.join(", ")}]`}`;
  return { allowed: false, reason };
}

/** All rules that hold for a user in a namespace. */
export function rulesFor(source: PolicySource, user: UserInfo, namespace: string): UserRules {
  const problems: string[] = [];
  const rules: PolicyRule[] = [];
  for (const bound of boundRules(source, user, namespace, problems)) rules.push(...bound.rules);
  return { rules, problems };
}

interface BoundRules {
  rules: readonly PolicyRule[];
  describe(): string;
}

function* boundRules(source: PolicySource, user: UserInfo, namespace: string, problems: string[]): Generator<BoundRules> {
  const cluster = source.list(`clusterrolebindings.${GROUP}`, "") as Iterable<ClusterRoleBinding>;
  for (const { metadata, subjects, roleRef } of cluster) {
    const subject = subjects?.find((each) => appliesTo(each, user, ""));
    if (!subject) continue;
    const rules = rulesOf(source, roleRef, "", problems);
    if (rules) yield { rules, describe: () => `ClusterRoleBinding ${described(metadata.name, roleRef, subject)}` };
  }
  if (namespace === "") return;
  for (const { metadata, subjects, roleRef } of source.list(`rolebindings.${GROUP}`, namespace) as Iterable<RoleBinding>) {
    const subject = subjects?.find((each) => appliesTo(each, user, namespace));
    if (!subject) continue;
    const rules = rulesOf(source, roleRef, namespace, problems);
    if (rules) yield { rules, describe: () => `RoleBinding ${described(`${metadata.name}/${namespace}`, roleRef, subject)}` };
  }
}

function described(binding: string | undefined, role: RoleRef, subject: Subject): string {
  const who = subject.kind === "ServiceAccount" ? `${subject.name}/${subject.namespace ?? ""}` : subject.name;
  return `${JSON.stringify(binding)} of ${role.kind} ${JSON.stringify(role.name)} to ${subject.kind} ${JSON.stringify(who)}`;
}

function appliesTo(subject: Subject, user: UserInfo, bindingNamespace: string): boolean {
  if (subject.kind === "User") return subject.name === user.username;
  if (subject.kind === "Group") return user.groups.includes(subject.name);
  const namespace = subject.namespace || bindingNamespace;
  return subject.kind === "ServiceAccount" && namespace !== "" && user.username === `${SERVICE_ACCOUNT}${namespace}:${subject.name}`;
}

/** undefined when the role does not exist, which is then among the problems. */
function rulesOf(source: PolicySource, { kind, name }: RoleRef, namespace: string, problems: string[]): readonly PolicyRule[] | undefined {
  const role = kind === "Role" ? source.get(`roles.${GROUP}`, namespace, name) : source.get(`clusterroles.${GROUP}`, "", name);
  if (!role) {
    problems.push(`${kind.toLowerCase()}.${GROUP} ${JSON.stringify(name)} not found`);
    return undefined;
  }
  return kind === "Role" ? ((role as Role).rules ?? []) : aggregated(source, role as ClusterRole, new Set());
}

/** A role that aggregates has the rules of all that its selectors match, which may aggregate in turn. */
function aggregated(source: PolicySource, role: ClusterRole, seen: Set<string>): readonly PolicyRule[] {
  const selectors = role.aggregationRule?.clusterRoleSelectors;
  if (!selectors) return role.rules ?? [];
  const name = role.metadata.name ?? "";
  if (seen.has(name)) return [];
  seen.add(name);
  const matchers = selectors.map(fromLabelSelectorObject);
  const rules: PolicyRule[] = [];
  for (const other of source.list(`clusterroles.${GROUP}`, "") as Iterable<ClusterRole>) {
    if (other.metadata.name !== name && matchers.some((matcher) => matcher.matches(other.metadata.labels ?? {})))
      rules.push(...aggregated(source, other, seen));
  }
  return rules;
}

function covers(rule: PolicyRule, { verb, group, resource, subresource, name, path }: AccessAttributes): boolean {
  if (!has(rule.verbs, verb)) return false;
  if (path !== undefined)
    return rule.nonResourceURLs?.some((pattern) => pattern === path || (pattern.endsWith("*") && path.startsWith(pattern.replace(/\*+$/, "")))) ?? false;
  if (!has(rule.apiGroups, group)) return false;
  const full = subresource ? `${resource}/${subresource}` : resource;
  if (!has(rule.resources, full) && !(subresource && rule.resources?.includes(`*/${subresource}`))) return false;
  return !rule.resourceNames?.length || rule.resourceNames.includes(name);
}

function has(values: readonly string[] | null | undefined, value: string): boolean {
  return values?.some((each) => each === "*" || each === value) ?? false;
}
