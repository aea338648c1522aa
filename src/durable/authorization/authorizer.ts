/** Every authorization question of a cluster goes through here: administrators may do everything, all others what RBAC allows. */
import { forbidden } from "../../kube/machinery/status.ts";
import { MASTERS, type UserInfo } from "../identity.ts";
import { type AccessAttributes, authorize, type Decision, type PolicySource, rulesFor, type UserRules } from "./rbac.ts";

export class Authorizer {
  readonly #source: PolicySource;

  constructor(source: PolicySource) {
    this.#source = source;
  }

  decide(user: UserInfo, attributes: AccessAttributes): Decision {
    if (user.groups.includes(MASTERS)) return { allowed: true, reason: "" };
    return authorize(this.#source, user, attributes);
  }

  /** @throws StatusError 403 in upstream's words. */
  check(user: UserInfo, attributes: AccessAttributes): void {
    if (user.groups.includes(MASTERS)) return;
    const { allowed, reason } = authorize(this.#source, user, attributes);
    if (allowed) return;
    const { verb, group, resource, subresource, namespace, name } = attributes;
    const full = subresource ? `${resource}/${subresource}` : resource;
    const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : "at the cluster scope";
    const why = reason ? `: ${reason}` : "";
    const text = `User ${JSON.stringify(user.username)} cannot ${verb} resource ${JSON.stringify(full)} in API group ${JSON.stringify(group)} ${where}${why}`;
    throw forbidden({ group, resource }, name, text);
  }

  rulesFor(user: UserInfo, namespace: string): UserRules {
    return rulesFor(this.#source, user, namespace);
  }
}
