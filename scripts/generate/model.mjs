// Joins the fact tables (data/*.json) into one model of the built-in API: which types are served by default,
// their fields with wire numbers and flags, and how lists and maps merge.

export const SCALARS = ["string", "bytes", "bool", "int32", "int64", "uint32", "double"];

/** Kinds of meta.v1 that carry apiVersion and kind although no resource serves them. */
const META_KINDS = [
  "CreateOptions",
  "DeleteOptions",
  "GetOptions",
  "ListOptions",
  "PatchOptions",
  "UpdateOptions",
  "Table",
  "PartialObjectMetadata",
  "PartialObjectMetadataList",
];

/** Messages of these modules are part of the run-time table although no served kind refers to them. */
const ALWAYS_MODULES = ["meta.v1", "admission.v1"];

/** Splits "core.v1.PodSpec" into its module "core.v1" and its name "PodSpec". */
export function splitId(id) {
  const at = id.lastIndexOf(".");
  return [id.slice(0, at), id.slice(at + 1)];
}

/** True for a group version that a v1.36 server serves when nothing is enabled by hand: the stable ones. */
export function servedByDefault(version) {
  return /^v\d+$/.test(version);
}

const VERBS = { c: "create", d: "delete", x: "deletecollection", g: "get", l: "list", p: "patch", u: "update", w: "watch" };

/** The served resources as a list: { group, version, plural, kind: {group, version, kind}, namespaced, verbs, subresources }. */
export function servedResources(discovery, wanted = servedByDefault) {
  const resources = [];
  for (const [group, versions] of Object.entries(discovery.groups)) {
    for (const [version, rows] of Object.entries(versions)) {
      if (!wanted(version)) continue;
      for (const [plural, row] of Object.entries(rows)) {
        const kindOf = (text) => {
          const parts = text.split("/");
          return parts.length === 3 ? { group: parts[0], version: parts[1], kind: parts[2] } : { group, version, kind: text };
        };
        const verbsOf = (letters) => [...letters].map((letter) => VERBS[letter]);
        const subresources = Object.entries(row.sub ?? {}).map(([name, value]) => {
          const [kind, letters] = Array.isArray(value) ? value : [row.kind, value];
          return { name, kind: kindOf(kind), verbs: verbsOf(letters) };
        });
        resources.push({ group, version, plural, kind: kindOf(row.kind), namespaced: row.ns === 1, verbs: verbsOf(row.verbs ?? "cdxglpuw"), subresources });
      }
    }
  }
  return resources;
}

/**
 * Builds the model.
 * @returns { types: Map<id, Type>, roots: Map<id, {group, version, kind}>, definitions: string[], resources, groups }
 * where Type = { id, goName, form, atomic, root, union, fields: Field[] } and Field = { name, number, type, message, repeated, map,
 * always, presence, inline, list, mapType, strategies, mergeKey, required, default }.
 */
export function buildModel({ fields: table, annotations, discovery, goTypes }) {
  const groupNames = table._groups;
  const dirOfGroup = new Map(Object.entries(groupNames).map(([dir, group]) => [group, dir]));
  const dirOf = (group) => dirOfGroup.get(group) ?? group;
  const groupOf = (dir) => groupNames[dir] ?? dir;
  const idOf = ({ group, version, kind }) => `${dirOf(group)}.${version}.${kind}`;

  const resources = servedResources(discovery);
  const roots = new Map();
  for (const resource of resources) {
    const at = { group: resource.group, version: resource.version };
    roots.set(idOf(resource.kind), resource.kind);
    if (resource.verbs.includes("list")) roots.set(idOf({ ...at, kind: `${resource.kind.kind}List` }), { ...at, kind: `${resource.kind.kind}List` });
    for (const sub of resource.subresources) if (!sub.kind.kind.endsWith("Options")) roots.set(idOf(sub.kind), sub.kind);
  }
  const kindRoots = new Map(roots);
  for (const [id, mark] of Object.entries(annotations.roots)) if (mark === "k") kindRoots.set(id, { group: "", version: "v1", kind: splitId(id)[1] });

  /** Fields of a message with the module that its bare references resolve in. */
  function messageOf(id) {
    const value = table[id];
    if (typeof value === "string" && value.startsWith("=")) {
      const home = value.slice(1);
      return { fields: table[`${home}.${splitId(id)[1]}`], home: splitId(id)[0] };
    }
    if (typeof value === "string" && value.startsWith("[]"))
      return { fields: { metadata: [1, "meta.v1.ListMeta", "k"], items: [2, value.slice(2), "rk"] }, home: splitId(id)[0] };
    return { fields: value, home: splitId(id)[0] };
  }

  const listCodes = invert(annotations.byField);
  const goTypeOf = new Map(
    Object.entries(goTypes).flatMap(([goType, fields]) => (goType.startsWith("_") ? [] : fields.split(" ").map((field) => [field, goType]))),
  );
  const atomic = new Set(Object.entries(annotations.atomicObjects).flatMap(([module, names]) => names.split(" ").map((name) => `${module}.${name}`)));
  const requiredYes = new Set(annotations.required.yes.split(" "));
  const requiredNo = new Set(annotations.required.no.split(" "));

  const types = new Map();
  function visit(id) {
    if (types.has(id)) return;
    const { fields, home } = messageOf(id);
    if (!fields) {
      if (annotations.extra[id]) {
        types.set(id, extraType(id, annotations.extra[id]));
        return;
      }
      throw new Error(`data/protobuf-fields.json has no message ${id}`);
    }
    const type = {
      id,
      goName: splitId(id)[1],
      form: fields["~"],
      atomic: atomic.has(id),
      fields: [],
      inlined: [],
      union: annotations.unions[id],
      root: kindRoots.has(id) || META_KINDS.some((kind) => id === `meta.v1.${kind}`) || /^core\.v1\.(Node|Pod|Service)\w+Options$/.test(id),
    };
    types.set(id, type);
    for (const [name, [number, reference, flags = ""]] of Object.entries(fields).filter(([name]) => name !== "~")) {
      const message = SCALARS.includes(reference) ? undefined : reference.includes(".") ? reference : `${home}.${reference}`;
      if (message) visit(message);
      if (name.startsWith("+")) {
        type.inlined.push({ name: name.slice(1), number, message, at: type.fields.length });
        continue;
      }
      type.fields.push({
        name,
        number,
        type: message ? undefined : reference,
        message,
        repeated: flags.includes("r"),
        map: flags.includes("m"),
        always: flags.includes("k"),
        presence: flags.includes("p"),
        goType: goTypeOf.get(`${id}.${name}`),
      });
    }
    if (type.form) return;
    for (const field of type.fields) annotate(id, field);
    // A field of an inlined struct may be annotated for one of the structs that hold it.
    for (const inlined of type.inlined) {
      inlined.overrides = new Map(
        Object.keys(annotations.byPath[id] ?? {}).flatMap((name) => {
          const field = flatFields({ types }, inlined.message).find((each) => each.name === name);
          return field ? [[name, annotate(id, { ...field })]] : [];
        }),
      );
    }
  }

  function isList(field) {
    return field.repeated || (field.message !== undefined && !field.map && types.get(field.message)?.form === "items");
  }

  function annotate(id, field) {
    const list = isList(field);
    const own = annotations.byPath[id]?.[field.name];
    const general = listCodes.get(field.name);
    const isForMaps = general === "granular" || general === "atomic";
    const code = own ?? (general !== undefined && isForMaps !== list ? general : list ? "a" : "");
    const [head, suffix = ""] = code.split("|");
    const [strategies, mergeKey] = suffix.split(":");
    field.strategies = strategies ? strategies.split(",") : [];
    if (list) {
      field.list = head === "-" ? undefined : head.startsWith("m:") ? "map" : head === "s" ? "set" : "atomic";
      field.keys = head.startsWith("m:") ? head.slice(2).split(",") : [];
    } else {
      field.keys = [];
      if (head === "a") field.list = "atomic";
      else if (head) field.mapType = head;
    }
    field.mergeKey = mergeKey ?? (field.strategies.length > 0 ? field.keys[0] : undefined);
    const byPath = annotations.required.byPath[id]?.split(" ") ?? [];
    const scalarOrList = field.type !== undefined || list;
    if (byPath.includes(`+${field.name}`)) field.required = true;
    else if (byPath.includes(`-${field.name}`)) field.required = false;
    else if (requiredYes.has(field.name)) field.required = true;
    else if (requiredNo.has(field.name)) field.required = false;
    else field.required = scalarOrList && field.always && !field.presence;
    field.default = defaultOf(id, field);
    return field;
  }

  function defaultOf(id, field) {
    const { byField, byPath } = annotations.defaults;
    if (byPath[id] && field.name in byPath[id]) return byPath[id][field.name];
    if (field.name in byField) return byField[field.name];
    if (!field.always || field.presence || field.repeated || field.map) return undefined;
    if (field.message) return types.get(field.message).form ? undefined : {};
    return (
      { string: "", bool: false, bytes: undefined }[field.type] ?? (field.type === "string" || field.type === "bytes" || field.type === "bool" ? undefined : 0)
    );
  }

  for (const id of [...roots.keys(), ...Object.keys(annotations.roots)]) visit(id);
  const definitions = closure([...roots.keys(), ...Object.keys(annotations.roots)], types);
  for (const id of Object.keys(table)) if (!id.startsWith("_") && ALWAYS_MODULES.includes(splitId(id)[0])) visit(id);
  for (const resource of resources) for (const sub of resource.subresources) visit(idOf(sub.kind));
  visit("core.v1.PodLogOptions");
  return { types, roots, kindRoots, definitions, resources, groupOf, dirOf, idOf, annotations };
}

/** Fields of a type in upstream's flat view: inlined structs' fields stand where the struct stands. */
export function flatFields(model, id) {
  const type = model.types.get(id);
  const flat = [];
  for (let at = 0; at <= type.fields.length; at++) {
    for (const inlined of type.inlined.filter((each) => each.at === at))
      flat.push(...flatFields(model, inlined.message).map((field) => inlined.overrides.get(field.name) ?? field));
    if (at < type.fields.length) flat.push(type.fields[at]);
  }
  return flat;
}

/** Definitions of the OpenAPI documents: everything reachable, without inlined structs and bare string lists. */
function closure(ids, types) {
  const seen = new Set();
  const walk = (id, isDefinition) => {
    const type = types.get(id);
    if (isDefinition) {
      if (seen.has(id)) return;
      seen.add(id);
    }
    if (type.form) return;
    for (const inlined of type.inlined) walk(inlined.message, false);
    for (const field of type.fields) if (field.message && types.get(field.message).form !== "items") walk(field.message, true);
  };
  for (const id of ids) walk(id, true);
  if (seen.has("apiextensions.v1.JSONSchemaPropsOrBool")) seen.add("apiextensions.v1.JSONSchemaProps");
  return [...seen].sort();
}

function extraType(id, { fields, required }) {
  const mustHave = new Set(required.split(" "));
  const names = [...mustHave, ...fields.split(" ").filter((name) => !mustHave.has(name))];
  const list = names.map((name) => ({
    name,
    number: 0,
    type: "string",
    repeated: false,
    map: false,
    always: mustHave.has(name),
    presence: false,
    strategies: [],
    keys: [],
    required: mustHave.has(name),
    default: mustHave.has(name) ? "" : undefined,
  }));
  return { id, goName: splitId(id)[1], form: undefined, atomic: false, root: false, fields: list, inlined: [] };
}

function invert(byField) {
  const codes = new Map();
  for (const [code, names] of Object.entries(byField)) for (const name of names.split(" ")) codes.set(name, code);
  return codes;
}
