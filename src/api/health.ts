/** `/healthz`, `/livez`, `/readyz` and their single checks, in the original's plain text. */
import { headersFor, pageNotFound, plainText, type Reply } from "./respond.ts";

const CHECKS: Readonly<Record<string, readonly string[]>> = {
  healthz: ["ping", "log", "etcd", "poststarthook/rbac/bootstrap-roles", "poststarthook/start-system-namespaces-controller"],
  livez: ["ping", "log", "etcd", "poststarthook/rbac/bootstrap-roles", "poststarthook/start-system-namespaces-controller"],
  readyz: ["ping", "log", "etcd", "informer-sync", "poststarthook/rbac/bootstrap-roles", "poststarthook/start-system-namespaces-controller", "shutdown"],
};

/** The endpoint's name and the rest of the path, or undefined when the path is none of health's. */
export function healthPath(path: string): { endpoint: string; check: string } | undefined {
  const slash = path.indexOf("/", 1);
  const endpoint = path.slice(1, slash < 0 ? undefined : slash);
  if (!Object.hasOwn(CHECKS, endpoint) || path.endsWith("/")) return undefined;
  return { endpoint, check: slash < 0 ? "" : path.slice(slash + 1) };
}

/**
 * @param broken names of checks that fail now.
 * @param search the raw query: `verbose` lists the checks, `exclude=<check>` may be repeated.
 */
export function health(reply: Reply, { endpoint, check }: { endpoint: string; check: string }, search: string, broken: ReadonlySet<string>): Response {
  const checks = CHECKS[endpoint] ?? [];
  if (check !== "") {
    if (!checks.includes(check)) return pageNotFound(reply);
    return broken.has(check)
      ? plainText(reply, 500, `internal server error: ${check} failed: reason withheld\n`)
      : new Response("ok", { status: 200, headers: headersFor(reply, "text/plain; charset=utf-8") });
  }
  const parameters = new URLSearchParams(search);
  const excluded = new Set(parameters.getAll("exclude"));
  const failed = checks.some((name) => broken.has(name) && !excluded.has(name));
  if (!failed && !parameters.has("verbose")) return plainText(reply, 200, "ok");
  const lines = checks.map((name) => {
    if (excluded.has(name)) return `[+]${name} excluded: ok\n`;
    return broken.has(name) ? `[-]${name} failed: reason withheld\n` : `[+]${name} ok\n`;
  });
  return plainText(reply, failed ? 500 : 200, `${lines.join("")}${endpoint} check ${failed ? "failed" : "passed"}\n`);
}

export function healthPaths(): string[] {
  return Object.entries(CHECKS).flatMap(([endpoint, checks]) => [`/${endpoint}`, ...checks.map((check) => `/${endpoint}/${check}`)]);
}
