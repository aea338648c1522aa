/**
 * Scenarios as data. A file under kinds/ describes one kind: two manifests and inputs to refuse; every kind is then
 * taken through the same life. A file under requests/ is a plain list of requests. `NS` stands for the scenario's namespace.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import type { Request } from "./exchange.ts";

export interface Scenario {
  name: string;
  namespace: string;
  requests: Request[];
  /** Disturbs others: played after them, by itself. */
  alone: boolean;
}

/** Dotted path → value; null removes what is there. List indices are numbers. */
type Change = Record<string, unknown>;

interface KindFile {
  /** The collection's path, e.g. /api/v1/namespaces/NS/configmaps. */
  path: string;
  minimal: Record<string, unknown>;
  full?: Record<string, unknown>;
  /** Objects that must exist first: path → manifests. */
  needs?: Record<string, Record<string, unknown>[]>;
  /** Creates that must be refused (or not): changes to the minimal manifest. */
  bad?: Change[];
  /** Updates of the minimal object: changes to what was created. */
  updates?: Change[];
  /** Merge patch tried in every patch type. */
  patch?: Record<string, unknown>;
  alone?: boolean;
  /** Subresources to get. */
  subresources?: string[];
  /** Requests left out, because the answer depends on how fast a controller is. */
  leftOut?: string[];
  /** Written through /status. */
  status?: Record<string, unknown>;
}

interface RequestFile {
  requests: (Omit<Request, "body" | "id"> & { id?: string; body?: unknown })[];
}

export const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
const PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";

export function readScenarios(root: string, wanted: RegExp): Scenario[] {
  const files = (folder: string) => readdirSync(join(root, folder)).filter((file) => file.endsWith(".yaml") && wanted.test(file.replace(".yaml", "")));
  const read = (folder: string, file: string): unknown => parse(readFileSync(join(root, folder, file), "utf8"));
  return [
    ...files("kinds").map((file) => {
      const kind = read("kinds", file) as KindFile;
      return { ...scenario(basename(file, ".yaml"), kindRequests(kind)), alone: kind.alone ?? false };
    }),
    ...files("requests").map((file) => scenario(basename(file, ".yaml"), listedRequests(read("requests", file) as RequestFile))),
  ];
}

/** Each scenario has a namespace of its own, the same on both sides, removed afterwards. */
function scenario(name: string, requests: Request[]): Scenario {
  const namespace = `diff-${name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  const filled = (text: string) => text.replaceAll("NS", namespace);
  return {
    name,
    namespace,
    alone: false,
    requests: requests.map((request) => ({ ...request, path: filled(request.path), ...(request.body === undefined ? {} : { body: filled(request.body) }) })),
  };
}

function listedRequests(file: RequestFile): Request[] {
  return file.requests.map((request) => ({
    ...request,
    id: request.id ?? `${request.method} ${request.path}`,
    body: request.body === undefined || typeof request.body === "string" ? request.body : JSON.stringify(request.body),
  }));
}

function kindRequests(file: KindFile): Request[] {
  const { path, minimal, full } = file;
  const named = (name: string, manifest: Record<string, unknown> = minimal) => changed(manifest, { "metadata.name": name });
  const nameOf = (manifest: Record<string, unknown>, otherwise: string) => {
    const metadata = manifest.metadata as { name?: string } | undefined;
    return metadata?.name ?? otherwise;
  };
  const fixedName = (minimal.metadata as { name?: string } | undefined)?.name;
  const first = fixedName ?? "minimal";
  const at = (name: string, query = "") => `${path}/${name}${query}`;
  const post = (id: string, manifest: unknown, query = ""): Request => ({ id, method: "POST", path: path + query, body: JSON.stringify(manifest) });
  const requests: Request[] = [];

  for (const [collection, manifests] of Object.entries(file.needs ?? {})) {
    for (const [index, manifest] of manifests.entries())
      requests.push({ id: `needs ${collection} ${index}`, method: "POST", path: collection, body: JSON.stringify(manifest), silent: true });
  }
  for (const name of [first, ...(full ? [nameOf(full, "full")] : [])]) {
    requests.push({ id: `remove ${name} of an earlier run`, method: "DELETE", path: at(name), silent: true });
    requests.push({ id: `wait until ${name} is gone`, method: "GET", path: at(name), silent: true, until: 404 });
  }
  requests.push(
    post("dry run", named(first), "?dryRun=All"),
    post("create", named(first), "?fieldManager=differential"),
    post("create again", named(first)),
    { id: "get", method: "GET", path: at(first) },
    { id: "get as Table", method: "GET", path: at(first), headers: { Accept: TABLE } },
    { id: "get metadata only", method: "GET", path: at(first), headers: { Accept: PARTIAL } },
    { id: "get absent", method: "GET", path: at("absent") },
    { id: "list one by field selector", method: "GET", path: `${path}?fieldSelector=metadata.name%3D${first}` },
    { id: "list one as Table", method: "GET", path: `${path}?fieldSelector=metadata.name%3D${first}`, headers: { Accept: TABLE } },
    { id: "list by an unknown field", method: "GET", path: `${path}?fieldSelector=spec.unknown%3D1` },
    ...(file.subresources ?? []).map((name): Request => ({ id: `get ${name}`, method: "GET", path: at(first, `/${name}`) })),
  );
  if (full) {
    requests.push(post("create full", named(nameOf(full, "full"), full), "?fieldManager=differential&fieldValidation=Strict"), {
      id: "get full as Table",
      method: "GET",
      path: at(nameOf(full, "full")),
      headers: { Accept: TABLE },
    });
  }
  const patch = file.patch ?? { metadata: { labels: { patched: "yes" }, annotations: { note: "patched" } } };
  const send = (id: string, contentType: string, body: unknown, query = ""): Request => ({
    id,
    method: "PATCH",
    path: at(first, query),
    headers: { "Content-Type": contentType },
    body: JSON.stringify(body),
  });
  requests.push(
    send("merge patch", "application/merge-patch+json", patch, "?fieldManager=merger"),
    send(
      "strategic merge patch",
      "application/strategic-merge-patch+json",
      { metadata: { labels: { strategic: "yes", patched: null } } },
      "?fieldManager=strategist",
    ),
    send("json patch", "application/json-patch+json", [{ op: "add", path: "/metadata/labels/json", value: "yes" }], "?fieldManager=pointer"),
    send("json patch that fails its test", "application/json-patch+json", [{ op: "test", path: "/metadata/name", value: "other" }]),
    send("patch of an unknown type", "application/nonsense+json", {}),
    send("patch that changes the name", "application/merge-patch+json", { metadata: { name: "other" } }),
    send("apply", "application/apply-patch+yaml", changed(named(first), { "metadata.labels": { applied: "yes" } }), "?fieldManager=applier&force=true"),
    send("apply without a manager", "application/apply-patch+yaml", named(first)),
    send("merge patch in a dry run", "application/merge-patch+json", { metadata: { labels: { dry: "yes" } } }, "?dryRun=All"),
    { id: "get after the patches", method: "GET", path: at(first) },
    {
      id: "update",
      method: "PUT",
      path: at(first, "?fieldManager=updater"),
      body: JSON.stringify(changed(named(first), { "metadata.labels": { updated: "yes" } })),
    },
    { id: "update with an old revision", method: "PUT", path: at(first), body: JSON.stringify(changed(named(first), { "metadata.resourceVersion": "1" })) },
    {
      id: "update with another uid",
      method: "PUT",
      path: at(first),
      body: JSON.stringify(changed(named(first), { "metadata.uid": "00000000-0000-4000-8000-000000000000" })),
    },
    { id: "update under another name", method: "PUT", path: at(first), body: JSON.stringify(named("another")) },
    { id: "update of something absent", method: "PUT", path: at("absent"), body: JSON.stringify(named("absent")) },
  );
  for (const change of file.updates ?? []) {
    requests.push({ id: `update ${JSON.stringify(change)}`, method: "PUT", path: at(first), body: JSON.stringify(changed(named(first), change)) });
  }
  if (file.status) {
    requests.push({
      id: "status patch",
      method: "PATCH",
      path: at(first, "/status?fieldManager=statist"),
      headers: { "Content-Type": "application/merge-patch+json" },
      body: JSON.stringify({ status: file.status }),
    });
  }
  for (const [index, change] of (file.bad ?? []).entries()) {
    const name = fixedName ?? `bad-${index}`;
    requests.push(post(`create ${JSON.stringify(change)}`, changed(named(name), change), "?dryRun=All"));
  }
  requests.push(
    post("create with an unknown field, strictly", changed(named("strict"), { nonsense: 1 }), "?fieldValidation=Strict&dryRun=All"),
    post("create with an unknown field, warned", changed(named("warned"), { nonsense: 1 }), "?fieldValidation=Warn&dryRun=All"),
    post("create with a bad name", named("Bad_Name"), "?dryRun=All"),
    post("create of another kind", { ...named("other"), kind: "Nonsense" }),
    post("create with a name to generate", changed(named("x"), { "metadata.name": null, "metadata.generateName": "generated-" }), "?dryRun=All"),
    { id: "create from nothing", method: "POST", path, body: "" },
    { id: "create from broken JSON", method: "POST", path, body: "{" },
    {
      id: "delete with another uid",
      method: "DELETE",
      path: at(first),
      body: JSON.stringify({ preconditions: { uid: "00000000-0000-4000-8000-000000000000" } }),
    },
    { id: "delete with a bad policy", method: "DELETE", path: at(first), body: JSON.stringify({ propagationPolicy: "Sideways" }) },
    { id: "delete in a dry run", method: "DELETE", path: at(first, "?dryRun=All"), body: JSON.stringify({ propagationPolicy: "Background" }) },
    { id: "delete", method: "DELETE", path: at(first), body: JSON.stringify({ propagationPolicy: "Background", gracePeriodSeconds: 0 }) },
    { id: "delete absent", method: "DELETE", path: at("absent") },
    ...(full
      ? [
          {
            id: "delete full",
            method: "DELETE",
            path: at(nameOf(full, "full")),
            body: JSON.stringify({ propagationPolicy: "Background", gracePeriodSeconds: 0 }),
          },
        ]
      : []),
  );
  return requests.filter(({ id }) => !file.leftOut?.includes(id));
}

/** A copy of the manifest with the changes made. */
function changed(manifest: Record<string, unknown>, changes: Change): Record<string, unknown> {
  const copy: Record<string, unknown> = structuredClone(manifest);
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.match(/[^.[\]]+/g) ?? [];
    let parent: Record<string, unknown> = copy;
    for (const key of keys.slice(0, -1)) {
      if (typeof parent[key] !== "object" || parent[key] === null) parent[key] = {};
      parent = parent[key] as Record<string, unknown>;
    }
    const last = keys.at(-1) ?? "";
    if (value === null) delete parent[last];
    else parent[last] = value;
  }
  return copy;
}
