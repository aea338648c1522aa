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

/** The identity under which a controller of the cluster reads and writes. */
export function controllerUser(name: string): UserInfo {
  return {
    username: `system:serviceaccount:kube-system:${name}`,
    groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", AUTHENTICATED, MASTERS],
  };
}
