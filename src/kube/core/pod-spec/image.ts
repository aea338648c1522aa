/** Container image references, as far as the API server reads them: to default the pull policy. */

/** name[:tag][@digest]; the name is checked apart, because a first segment may be a registry's host. */
const REFERENCE =
  /^([A-Za-z0-9][A-Za-z0-9._\-/:]*?|\[[0-9a-fA-F:]+\][A-Za-z0-9._\-/:]*?)(?::(\w[\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$/;
const PATH = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?$/;
const IDENTIFIER = /^[a-f0-9]{64}$/;

/** Always for a mutable reference (tag `latest`, or neither tag nor digest), else IfNotPresent; IfNotPresent too for what is no image reference. */
export function imagePullPolicyFor(image: string): "Always" | "IfNotPresent" {
  return tagOf(image) === "latest" ? "Always" : "IfNotPresent";
}

/** The tag, `latest` when none is named and no digest pins the image; "" for a pinned or unreadable reference. */
function tagOf(image: string): string {
  if (IDENTIFIER.test(image)) return "";
  const match = REFERENCE.exec(image);
  if (!match || !isRepository(match[1] as string)) return "";
  return match[2] ?? (match[3] ? "" : "latest");
}

function isRepository(name: string): boolean {
  const slash = name.indexOf("/");
  if (slash < 0) return PATH.test(name);
  const first = name.slice(0, slash);
  if (/[.:[]/.test(first) || first === "localhost" || first.toLowerCase() !== first) return HOST.test(first) && PATH.test(name.slice(slash + 1));
  return PATH.test(name);
}
