// The paths of the OpenAPI documents: what every served resource's verbs look like on the wire.

const JSON_TYPES = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const WATCH_TYPES = [...JSON_TYPES, "application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];
const PATCH_TYPES = ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml"];

const LIST =
  "allowWatchBookmarks continue fieldSelector labelSelector limit resourceVersion resourceVersionMatch sendInitialEvents shardSelector timeoutSeconds watch".split(
    " ",
  );
const DELETE = "dryRun gracePeriodSeconds ignoreStoreReadErrorWithClusterBreakingPotential orphanDependents propagationPolicy".split(" ");
const DELETE_COLLECTION = [...DELETE, ...LIST.filter((name) => name !== "allowWatchBookmarks" && name !== "watch")];
const WRITE = ["dryRun", "fieldManager", "fieldValidation"];

const INTEGERS = new Set(["limit", "timeoutSeconds", "gracePeriodSeconds", "limitBytes", "sinceSeconds", "tailLines", "ports"]);
const BOOLEANS = new Set([
  "allowWatchBookmarks",
  "sendInitialEvents",
  "watch",
  "orphanDependents",
  "ignoreStoreReadErrorWithClusterBreakingPotential",
  "force",
  "follow",
  "insecureSkipTLSVerifyBackend",
  "previous",
  "timestamps",
  "stdin",
  "stdout",
  "stderr",
  "tty",
]);

/** Query parameters of the subresources that are connected to or read as text, by their kind. */
const CONNECT_PARAMETERS = {
  NodeProxyOptions: ["path"],
  PodProxyOptions: ["path"],
  ServiceProxyOptions: ["path"],
  PodPortForwardOptions: ["ports"],
  PodAttachOptions: ["container", "stderr", "stdin", "stdout", "tty"],
  PodExecOptions: ["command", "container", "stderr", "stdin", "stdout", "tty"],
};
const LOG_PARAMETERS = ["container", "follow", "insecureSkipTLSVerifyBackend", "limitBytes", "previous", "sinceSeconds", "stream", "tailLines", "timestamps"];
const CONNECT_METHODS = { proxy: ["get", "put", "post", "delete", "options", "head", "patch"], default: ["get", "post"] };

/** Parameters that client-node does not document. */
const UNDOCUMENTED = {
  shardSelector: "Restricts the returned objects to shards of a hash range; alpha, needs the ShardedListAndWatch feature gate.",
  stream: "Which of a container's log streams to return: All, Stdout or Stderr.",
  ignoreStoreReadErrorWithClusterBreakingPotential: "Deletes an object that can't be read from storage, without the usual checks; off unless asked for.",
};

function pascal(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "rbac.authorization.k8s.io" → "RbacAuthorization". */
export function groupTitle(group) {
  return group === ""
    ? "Core"
    : group
        .replace(/\.k8s\.io$/, "")
        .split(".")
        .map(pascal)
        .join("");
}

function tagOf(group, version) {
  const title = groupTitle(group);
  const name = title.charAt(0).toLowerCase() + title.slice(1);
  return version ? `${name}_${version}` : name;
}

export function groupVersionPath(group, version) {
  return group === "" ? `api/${version}` : `apis/${group}/${version}`;
}

/**
 * All operations as dialect-free records, by path:
 * { method, id, tag, description, consumes, produces, parameters: name[], body, responses: [code, text, schema][], action, kind, groupVersion }.
 */
export function makeOperations(model, definitionName, clientOperations) {
  const paths = new Map();
  const add = (path, operation) => {
    if (!paths.has(path)) paths.set(path, []);
    paths.get(path).push({ produces: JSON_TYPES, consumes: ["*/*"], query: [], ...operation });
  };
  const meta = (name) => ({ $ref: definitionName(model, `meta.v1.${name}`) });
  const ok = (schema, ...codes) => codes.map((code) => [code, { 200: "OK", 201: "Created", 202: "Accepted" }[code], schema]);

  for (const resource of model.resources) {
    const { group, version, plural, kind, namespaced, verbs } = resource;
    const root = `/${groupVersionPath(group, version)}`;
    const title = `${groupTitle(group)}${pascal(version)}`;
    const scope = namespaced ? "Namespaced" : "";
    const collection = `${root}${namespaced ? "/namespaces/{namespace}" : ""}/${plural}`;
    const own = `${collection}/{name}`;
    const object = { $ref: definitionName(model, model.idOf(kind)) };
    const list = { $ref: definitionName(model, model.idOf({ ...kind, kind: `${kind.kind}List` })) };
    const base = { tag: tagOf(group, version), kind, groupVersion: groupVersionPath(group, version) };
    const has = (verb) => verbs.includes(verb);
    if (has("list")) {
      const operation = {
        ...base,
        method: "get",
        action: "list",
        description: `list ${has("watch") ? "or watch " : ""}objects of kind ${kind.kind}`,
        produces: WATCH_TYPES,
        query: LIST,
        responses: ok(list, 200),
      };
      add(collection, { ...operation, id: `list${title}${scope}${kind.kind}` });
      if (namespaced) add(`${root}/${plural}`, { ...operation, id: `list${title}${kind.kind}ForAllNamespaces` });
    }
    const created = (target) => ({ method: "post", action: "post", query: WRITE, body: target, responses: ok(target, 200, 201, 202) });
    if (has("create")) add(collection, { ...base, ...created(object), id: `create${title}${scope}${kind.kind}`, description: `create ${oneOf(kind.kind)}` });
    if (has("deletecollection")) {
      add(collection, {
        ...base,
        method: "delete",
        action: "deletecollection",
        id: `delete${title}Collection${scope}${kind.kind}`,
        description: `delete collection of ${kind.kind}`,
        query: DELETE_COLLECTION,
        body: meta("DeleteOptions"),
        responses: ok(meta("Status"), 200),
      });
    }
    if (has("get"))
      add(own, {
        ...base,
        method: "get",
        action: "get",
        id: `read${title}${scope}${kind.kind}`,
        description: `read the specified ${kind.kind}`,
        responses: ok(object, 200),
      });
    if (has("update"))
      add(own, {
        ...base,
        method: "put",
        action: "put",
        id: `replace${title}${scope}${kind.kind}`,
        description: `replace the specified ${kind.kind}`,
        query: WRITE,
        body: object,
        responses: ok(object, 200, 201),
      });
    if (has("delete")) {
      const result = clientOperations.get(`DELETE ${own}`)?.result;
      const returned = result === undefined || result === "V1Status" ? meta("Status") : object;
      add(own, {
        ...base,
        method: "delete",
        action: "delete",
        id: `delete${title}${scope}${kind.kind}`,
        description: `delete ${oneOf(kind.kind)}`,
        query: DELETE,
        body: meta("DeleteOptions"),
        responses: ok(returned, 200, 202),
      });
    }
    if (has("patch"))
      add(own, {
        ...base,
        method: "patch",
        action: "patch",
        id: `patch${title}${scope}${kind.kind}`,
        description: `partially update the specified ${kind.kind}`,
        consumes: PATCH_TYPES,
        query: [...WRITE, "force"],
        body: meta("Patch"),
        responses: ok(object, 200, 201),
      });
    if (has("watch")) {
      const watch = { ...base, method: "get", produces: WATCH_TYPES, query: LIST, responses: ok(meta("WatchEvent"), 200), watches: true };
      const deprecated = "deprecated: use the 'watch' parameter with a list operation instead";
      const lists = `watch individual changes to a list of ${kind.kind}. ${deprecated}.`;
      const watched = namespaced ? "/watch/namespaces/{namespace}" : "/watch";
      if (namespaced)
        add(`${root}/watch/${plural}`, { ...watch, action: "watchlist", id: `watch${title}${kind.kind}ListForAllNamespaces`, description: lists });
      add(`${root}${watched}/${plural}`, { ...watch, action: "watchlist", id: `watch${title}${scope}${kind.kind}List`, description: lists });
      if (has("get"))
        add(`${root}${watched}/${plural}/{name}`, {
          ...watch,
          action: "watch",
          id: `watch${title}${scope}${kind.kind}`,
          description: `watch changes to an object of kind ${kind.kind}. ${deprecated}, filtered to a single item with the 'fieldSelector' parameter.`,
        });
    }
    for (const sub of resource.subresources) {
      const at = `${own}/${sub.name}`;
      const suffix = `${scope}${kind.kind}${pascal(sub.name)}`;
      const subBase = { ...base, kind: sub.kind };
      if (sub.kind.kind.endsWith("Options")) {
        for (const withPath of sub.name === "proxy" ? [false, true] : [false]) {
          for (const method of CONNECT_METHODS[sub.name] ?? CONNECT_METHODS.default) {
            add(withPath ? `${at}/{path}` : at, {
              ...subBase,
              method,
              action: "connect",
              id: `connect${title}${pascal(method)}${suffix}${withPath ? "WithPath" : ""}`,
              description: `connect ${method.toUpperCase()} requests to ${sub.name} of ${kind.kind}`,
              produces: ["*/*"],
              query: CONNECT_PARAMETERS[sub.kind.kind],
              connects: true,
              responses: ok({ type: "string" }, 200),
            });
          }
        }
        continue;
      }
      const target = { $ref: definitionName(model, model.idOf(sub.kind)) };
      if (sub.name === "log") {
        add(at, {
          ...subBase,
          method: "get",
          action: "get",
          id: `read${title}${suffix}`,
          description: `read ${sub.name} of the specified ${kind.kind}`,
          produces: ["text/plain", ...JSON_TYPES],
          query: LOG_PARAMETERS,
          responses: ok({ type: "string" }, 200),
        });
        continue;
      }
      if (sub.verbs.includes("get"))
        add(at, {
          ...subBase,
          method: "get",
          action: "get",
          id: `read${title}${suffix}`,
          description: `read ${sub.name} of the specified ${kind.kind}`,
          responses: ok(target, 200),
        });
      if (sub.verbs.includes("create"))
        add(at, { ...subBase, ...created(target), id: `create${title}${suffix}`, description: `create ${sub.name} of ${oneOf(kind.kind)}` });
      if (sub.verbs.includes("update"))
        add(at, {
          ...subBase,
          method: "put",
          action: "put",
          id: `replace${title}${suffix}`,
          description: `replace ${sub.name} of the specified ${kind.kind}`,
          query: WRITE,
          body: target,
          responses: ok(target, 200, 201),
        });
      if (sub.verbs.includes("patch"))
        add(at, {
          ...subBase,
          method: "patch",
          action: "patch",
          id: `patch${title}${suffix}`,
          description: `partially update ${sub.name} of the specified ${kind.kind}`,
          consumes: PATCH_TYPES,
          query: [...WRITE, "force"],
          body: meta("Patch"),
          responses: ok(target, 200, 201),
        });
    }
  }
  addDiscovery(model, add, meta, ok, definitionName);
  return paths;
}

function addDiscovery(model, add, meta, ok, definitionName) {
  const discovers = (path, groupVersion, id, tag, description, schema) =>
    add(path, { method: "get", id, tag, description, consumes: JSON_TYPES, groupVersion, responses: ok(schema, 200), bare: true });
  discovers("/api/", "api", "getCoreAPIVersions", "core", "get available API versions", meta("APIVersions"));
  discovers("/apis/", "apis", "getAPIVersions", "apis", "get available API versions", meta("APIGroupList"));
  const groupVersions = new Map(model.resources.map(({ group, version }) => [groupVersionPath(group, version), { group, version }]));
  for (const [path, { group, version }] of groupVersions) {
    discovers(
      `/${path}/`,
      path,
      `get${groupTitle(group)}${pascal(version)}APIResources`,
      tagOf(group, version),
      "get available resources",
      meta("APIResourceList"),
    );
    if (group) discovers(`/apis/${group}/`, `apis/${group}`, `get${groupTitle(group)}APIGroup`, tagOf(group), "get information of a group", meta("APIGroup"));
  }
  const plain = { method: "get", consumes: undefined, bare: true };
  add("/version/", {
    ...plain,
    id: "getCodeVersion",
    tag: "version",
    description: "get the version information for this server",
    consumes: ["application/json"],
    produces: ["application/json"],
    groupVersion: "version",
    responses: ok({ $ref: definitionName(model, "version.Info") }, 200),
  });
  add("/openid/v1/jwks/", {
    ...plain,
    id: "getServiceAccountIssuerOpenIDKeyset",
    tag: "openid",
    description: "get service account issuer OpenID JSON Web Key Set (contains public token verification keys)",
    produces: ["application/jwk-set+json"],
    groupVersion: "openid/v1/jwks",
    responses: ok({ type: "string" }, 200),
  });
  add("/.well-known/openid-configuration/", {
    ...plain,
    id: "getServiceAccountIssuerOpenIDConfiguration",
    tag: "WellKnown",
    description: "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
    produces: ["application/json"],
    groupVersion: ".well-known/openid-configuration",
    responses: ok({ type: "string" }, 200),
  });
}

/** "a Pod", "an Ingress", and for the one kind in the plural, "Endpoints". */
function oneOf(kind) {
  return kind === "Endpoints" ? kind : `${article(kind)} ${kind}`;
}

function article(kind) {
  return /^[AEIOU]/.test(kind) && !/^(U[a-z]|EU)/.test(kind) ? "an" : "a";
}

/** Makes the descriptions of query and path parameters: (name, "query" or "path", operation, path) → text. */
export function parameterDescriptions(clientOperations) {
  const byPath = new Map();
  const general = new Map();
  for (const [key, { documentation }] of clientOperations) {
    const path = key.slice(key.indexOf(" ") + 1);
    for (const [name, text] of documentation) {
      byPath.set(`${path} ${name}`, text);
      if (!general.has(name)) general.set(name, text);
    }
  }
  const force = [...clientOperations].find(([key, { documentation }]) => key.startsWith("PATCH") && documentation.has("fieldManager"))?.[1].documentation;
  const write = [...clientOperations].find(([key, { documentation }]) => key.startsWith("POST") && documentation.has("fieldManager"))?.[1].documentation;
  return (name, place, operation, path) => {
    if (name === "name" && operation.kind) return `name of the ${operation.kind.kind}`;
    if (name === "path" && place === "path") return "path to the resource";
    if (name === "fieldManager") return (operation.method === "patch" ? force : write)?.get(name);
    return byPath.get(`${path.replace(/\/\{path\}$/, "")} ${name}`) ?? general.get(name) ?? UNDOCUMENTED[name] ?? "";
  };
}

export function parameterType(name) {
  return INTEGERS.has(name) ? "integer" : BOOLEANS.has(name) ? "boolean" : "string";
}
