/** Who makes a request, as authentication found out. */
export interface UserInfo {
  username: string;
  uid?: string;
  groups: readonly string[];
  extra?: Readonly<Record<string, string[]>>;
}

/** The group whose members may do everything. */
export const MASTERS = "system:masters";
export const AUTHENTICATED = "system:authenticated";

const SERVICE_ACCOUNT = "system:serviceaccount:";

/** Who an administrator acts as: an account brings its own groups where none are named. */
export function impersonated({
  user,
  uid,
  groups,
  extra,
}: {
  user: string;
  uid?: string;
  groups: readonly string[];
  extra: Record<string, string[]>;
}): UserInfo {
  const all = [...groups];
  if (all.length === 0 && user.startsWith(SERVICE_ACCOUNT)) {
    const namespace = user.slice(SERVICE_ACCOUNT.length).split(":", 1)[0] ?? "";
    all.push("system:serviceaccounts", `system:serviceaccounts:${namespace}`);
  }
  const standing = user === "system:anonymous" ? "system:unauthenticated" : AUTHENTICATED;
  if (!all.includes(standing)) all.push(standing);
  return { username: user, ...(uid ? { uid } : {}), groups: all, ...(Object.keys(extra).length > 0 ? { extra } : {}) };
}

/** The identity under which a controller of the cluster reads and writes. */
export function controllerUser(name: string): UserInfo {
  return {
    username: `system:serviceaccount:kube-system:${name}`,
    groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", AUTHENTICATED, MASTERS],
  };
}
