/**
 * Every built-in kind against objects that no one would write: whatever decodes must be defaulted, validated, compared,
 * selected and shown without a throw, since a TypeError in a kind's rules would be a 500 for its writer, and one in its
 * cells a list that nobody can read. Objects are made from the schema table, so a new kind or field is covered at once.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Kind } from "../../src/kube/kind.ts";
import { FieldErrors, FieldPath } from "../../src/kube/machinery/field.ts";
import { cloneJson } from "../../src/kube/machinery/json.ts";
import { setField } from "../../src/kube/machinery/json-value.ts";
import { validateObjectMeta, validateObjectMetaUpdate } from "../../src/kube/machinery/object-meta.ts";
import { StatusError } from "../../src/kube/machinery/status.ts";
import { isObject, type JsonObject, type KubeObject } from "../../src/kube/object.ts";
import { BUILT_IN_KINDS } from "../../src/kube/registry.ts";
import type { FieldSchema, Form, Scalar, TypeSchema } from "../../src/kube/schema/schema.ts";
import { typeIdOf, typeSchema } from "../../src/kube/schema/table.ts";

const CONTEXT = { now: new Date("2026-11-23T12:00:00Z"), user: { username: "fuzz", groups: ["system:masters"] } };
/** PERIGEE_FUZZ_RUNS makes the same test a long hunt. */
const RUNS = Number(process.env.PERIGEE_FUZZ_RUNS ?? 40);
/** Messages in one object; beyond, they come out empty. JSON schemas would grow without end. */
const MAX_MESSAGES = 150;

/** Numbers in [0, 1) from a seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Words that lead into the branches of the rules, and words that lead nowhere. */
const WORDS = [
  ..."a b web main x-1 a.b example.com example.com/a kubernetes.io/os topology.kubernetes.io/zone kubernetes.io/tls kubernetes.io/dockerconfigjson".split(" "),
  ..."kubernetes.io/service-account-token kubernetes.io/basic-auth kubernetes.io/ssh-auth Opaque v1 apps/v1 Pod Node Deployment pods deployments".split(" "),
  ..."* ** ? - . .. / // = != 0 1 5 -1 80 65536 5% 101% http tls.crt .spec.replicas {} [] {.a} {.items[*].x} self.x == request $(A) $ \\ %".split(" "),
  ..."Always Never IfNotPresent OnFailure TCP UDP SCTP ClusterIP NodePort LoadBalancer ExternalName None Local Cluster ClientIP SingleStack".split(" "),
  ..."PreferDualStack RequireDualStack IPv4 IPv6 FQDN In NotIn Exists DoesNotExist Gt Lt Equal NoSchedule NoExecute PreferNoSchedule".split(" "),
  ..."RollingUpdate Recreate OnDelete Parallel OrderedReady Retain Delete Recycle Immediate WaitForFirstConsumer ReadWriteOnce ReadOnlyMany".split(" "),
  ..."ReadWriteMany ReadWriteOncePod Filesystem Block Bound Pending Available Released Failed Running Succeeded Unknown Active Terminating".split(" "),
  ..."Utilization Value AverageValue Resource Pods Object External ContainerResource Max Min Disabled Percent Indexed NonIndexed FailJob Ignore Count".split(
    " ",
  ),
  ..."FailIndex Allow Forbid Replace Suspend Fail Exact Equivalent Namespaced NoneOnDryRun Some Exempt Limited Reject Queue ByUser ByNamespace".split(" "),
  ..."ServiceAccount User Group rbac.authorization.k8s.io ClusterRole Role get list watch create Container PersistentVolumeClaim Ingress Egress".split(" "),
  ..."ImplementationSpecific Prefix Complete Ready MemoryPressure True False Unconfined Localhost RuntimeDefault Directory Socket Memory Default".split(" "),
  ..."ClusterFirst ClusterFirstWithHostNet Honor DoNotSchedule ScheduleAnyway PreemptLowerPriority Warn Deny Audit JSONPatch ApplyConfiguration".split(" "),
  ..."kubernetes.io/kube-apiserver-client example.com/signer digital,signature Approved Denied string integer object array int-or-string date".split(" "),
  ..."10.0.0.1 10.0.0.300 ::1 fd00::/64 10.0.0.0/24 10.0.0.0/33 0.0.0.0 127.0.0.1 169.254.1.1 224.0.0.1 https://example.com/path http://x svc".split(" "),
  ..."1Gi 500m 1e3 -1 cpu memory hugepages-2Mi requests.cpu limits.memory pods count/pods.apps example.com/gpu nvidia.com/gpu storage".split(" "),
  ..."@daily @every TZ=UTC Europe/Berlin Mars/Phobos 0-5,7 1,a kube-system default system:node:x system:kube-controller-manager".split(" "),
  ..."__proto__ constructor toString hasOwnProperty length valueOf".split(" "),
  "*/5 * * * *",
  "",
  " ",
  "a b",
  "\u0000",
  "ü",
  "😀",
  "\ud800",
  "x".repeat(64),
  "x".repeat(254),
  "(a+)+$",
  "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
  "object.spec.replicas > 1",
  "{.metadata.name}",
  "2026-01-02T03:04:05Z",
];

const NUMBERS = [0, 1, 2, 3, 10, 80, 443, 1000, 30000, 65535, 65536, -1, 2 ** 31 - 1, -(2 ** 31)];
const TEXTS: Readonly<Record<string, readonly unknown[]>> = {
  time: ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05+02:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2036-01-02T03:04:05Z"],
  microTime: ["2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05Z"],
  duration: ["0s", "5m0s", "1h", "-5s", "300ms"],
  quantity: ["0", "1", "500m", "1Gi", "-1", "1e3", "0.1", "9223372036854775807", "1Ei", 1, 0.5],
  intOrString: [0, 1, 80, -1, "5%", "101%", "http", "", "a", "25%", 65536],
};

/** Makes values of a type: few fields of each message, so that what is missing varies as much as what is there. */
class Maker {
  readonly #random: () => number;
  #messages = 0;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }

  #one<T>(of: readonly T[]): T {
    return of[Math.floor(this.#random() * of.length)] as T;
  }

  object(schema: TypeSchema, depth: number): JsonObject {
    const out: JsonObject = {};
    if (++this.#messages > MAX_MESSAGES) return out;
    const density = depth === 0 ? 0.9 : this.#one([0, 0.1, 0.3, 0.6, 1]);
    // At least one field of a big message: a PodSpec of nothing is soon boring.
    const sure = this.#one([...schema.fields.keys()]);
    for (const field of schema.fields.values()) {
      if (schema.root && (field.name === "apiVersion" || field.name === "kind")) continue;
      const likely = schema.fields.size > 12 ? Math.min(density, 0.35) : density;
      if (field.name === sure || this.#random() < likely) out[field.name] = this.field(field, depth + 1);
    }
    return out;
  }

  field(field: FieldSchema, depth: number): unknown {
    if (this.#random() < 0.02) return null;
    if (field.repeated) return this.#many(() => this.#item(field, depth));
    if (field.map) return Object.fromEntries(this.#many(() => [this.#one(WORDS), this.#item(field, depth)]));
    return this.#item(field, depth);
  }

  #many<T>(make: () => T): T[] {
    return Array.from({ length: this.#one([0, 1, 1, 1, 2, 3]) }, make);
  }

  #item(field: FieldSchema, depth: number): unknown {
    if (this.#random() < 0.02) return null;
    if (typeof field.type === "string") return this.#scalar(field.type);
    const schema = typeSchema(field.type.message);
    if (schema.form !== undefined) return this.#form(schema.form, depth);
    return this.object(schema, depth);
  }

  #scalar(type: Scalar): unknown {
    switch (type) {
      case "string":
        return this.#one(WORDS);
      case "bytes":
        return this.#one(["", "AA==", "aGVsbG8=", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K"]);
      case "bool":
        return this.#random() < 0.6;
      case "double":
        return this.#one([0, 1, -1.5, 1e300]);
      case "uint32":
        return Math.abs(this.#one(NUMBERS));
      default:
        return this.#one(NUMBERS);
    }
  }

  #form(form: Form, depth: number): unknown {
    const texts = TEXTS[form];
    if (texts) return this.#one(texts);
    const props = () => this.object(typeSchema("apiextensions.v1.JSONSchemaProps"), depth + 1);
    switch (form) {
      case "items":
        return this.#many(() => this.#one(WORDS));
      case "oneOrMany":
        return this.#random() < 0.7 ? props() : [props(), props()];
      case "schemaOrBool":
        return this.#random() < 0.5 ? this.#random() < 0.5 : props();
      case "schemaOrStrings":
        return this.#random() < 0.5 ? this.#many(() => this.#one(WORDS)) : props();
      default:
        return this.#one<unknown>([{}, [], "x", 1, true, null, { a: [{ b: null }] }, { "f:metadata": { "f:labels": {} } }, { apiVersion: "v1", kind: "Pod" }]);
    }
  }
}

function schemaOf(kind: Kind): TypeSchema {
  return typeSchema(typeIdOf(kind.group, kind.version, kind.kind));
}

/** Members of both, at every level: an update that changes this and leaves that. */
function mixed(one: unknown, other: unknown, random: () => number): unknown {
  if (isObject(one) && isObject(other)) {
    const out: JsonObject = {};
    for (const name of Object.keys(one)) {
      if (random() < 0.8) setField(out, name, Object.hasOwn(other, name) ? mixed(one[name], other[name], random) : one[name]);
    }
    for (const name of Object.keys(other)) if (!Object.hasOwn(one, name) && random() < 0.2) setField(out, name, other[name]);
    return out;
  }
  if (Array.isArray(one) && Array.isArray(other) && one.length === other.length) return one.map((item, at) => mixed(item, other[at], random));
  return random() < 0.5 ? one : other;
}

/** A decoded object as the verbs hand it on: named, and in its namespace. undefined when it is refused, as it may be. */
function decoded(kind: Kind, seed: number): KubeObject | undefined {
  return decodedFrom(kind, new Maker(seed).object(schemaOf(kind), 0));
}

function decodedFrom(kind: Kind, members: JsonObject): KubeObject | undefined {
  const value = { ...members, apiVersion: kind.apiVersion, kind: kind.kind };
  try {
    const object = kind.decode(value, { strict: [] });
    object.metadata.name ||= "x";
    if (kind.scope === "Namespaced") object.metadata.namespace ||= "default";
    return object;
  } catch (error) {
    if (error instanceof StatusError && error.code === 400) return undefined;
    throw error;
  }
}

/** Everything that is ever asked of a stored object. */
function show(kind: Kind, object: KubeObject): void {
  for (const read of Object.values(kind.selectableFields ?? {})) expect(typeof read(object)).toBe("string");
  if (!kind.cells) return;
  const cells = kind.cells(object, CONTEXT.now);
  // IPAddress has an age too many, as upstream does.
  expect(cells.length).toBeGreaterThanOrEqual(kind.columns?.length ?? 0);
  for (const cell of cells) {
    expect(cell === null || ["string", "number", "boolean"].includes(typeof cell)).toBe(true);
    if (typeof cell === "number") expect(Number.isFinite(cell)).toBe(true);
    // A word that every JavaScript object inherits ("constructor") is a word like any other.
    expect(String(cell)).not.toContain("[native code]");
  }
}

function render(errors: FieldErrors): void {
  for (const error of errors.list) expect(error.text()).not.toContain("[native code]");
}

function create(kind: Kind, given: KubeObject): KubeObject {
  const object = cloneJson(given);
  kind.applyDefaults?.(object);
  kind.prepareForCreate?.(object, CONTEXT);
  const errors = new FieldErrors();
  validateObjectMeta(object.metadata, { namespaced: kind.scope === "Namespaced", validateName: kind.validateName }, errors, FieldPath.of("metadata"));
  kind.validate?.(object, errors, FieldPath.root);
  render(errors);
  for (const warning of kind.warnings?.(object) ?? []) expect(warning).toBeTypeOf("string");
  return object;
}

function update(kind: Kind, given: KubeObject, old: KubeObject): void {
  const object = cloneJson(given);
  kind.applyDefaults?.(object);
  kind.prepareForUpdate?.(object, old, CONTEXT);
  if (typeof kind.generation === "function") kind.generation(object, old);
  const errors = new FieldErrors();
  validateObjectMetaUpdate(object.metadata, old.metadata, errors, FieldPath.of("metadata"));
  if (kind.validatesOnUpdate !== false) kind.validate?.(object, errors, FieldPath.root);
  kind.validateUpdate?.(object, old, errors, FieldPath.root);
  render(errors);
  kind.warnings?.(object, old);
  show(kind, object);
}

function updateStatus(kind: Kind, given: KubeObject, old: KubeObject): void {
  const rules = kind.subresources?.status;
  if (rules === undefined || rules === true) return;
  const object = cloneJson(given);
  kind.applyDefaults?.(object);
  rules.prepareForUpdate?.(object, old, CONTEXT);
  const errors = new FieldErrors();
  rules.validateUpdate?.(object, old, errors);
  render(errors);
}

describe.each(BUILT_IN_KINDS.map((kind) => ({ name: `${kind.kind}.${kind.version}.${kind.group || "core"}`, kind })))("$name", ({ kind }) => {
  const seeds = fc.integer({ min: 0 });
  const holds = (property: (seed: number) => void) => fc.assert(fc.property(seeds, property), { numRuns: RUNS, endOnFailure: true });

  it("decodes what it has decoded to the same", () =>
    holds((seed) => {
      const object = decoded(kind, seed);
      if (object) expect(kind.decode(cloneJson(object) as unknown as JsonObject, { strict: [] })).toEqual(object);
    }));

  it("fills defaults that stay as they are, and are canonical", () =>
    holds((seed) => {
      const object = decoded(kind, seed);
      if (!object) return;
      kind.applyDefaults?.(object);
      const again = cloneJson(object);
      kind.applyDefaults?.(again);
      expect(again).toEqual(object);
      expect(kind.decode(cloneJson(object) as unknown as JsonObject, { strict: [] })).toEqual(cloneJson(object));
    }));

  it("refuses or takes any object that decodes, and shows it, without a throw", () =>
    holds((seed) => {
      const object = decoded(kind, seed);
      if (!object) return;
      show(kind, object);
      show(kind, create(kind, object));
    }));

  it("updates any object to any other without a throw", () =>
    holds((seed) => {
      const [old, object] = [decoded(kind, seed), decoded(kind, seed ^ 0x5bd1e995)];
      if (!old || !object) return;
      kind.applyDefaults?.(old);
      const between = decodedFrom(kind, mixed(old, object, randomFrom(seed)) as JsonObject) ?? old;
      for (const next of [object, between, old]) {
        update(kind, next, old);
        updateStatus(kind, next, old);
      }
    }));

  it("is deleted and stored in any state", () =>
    holds((seed) => {
      const object = decoded(kind, seed);
      if (!object) return;
      kind.gracePeriodSeconds?.(object, undefined);
      kind.gracePeriodSeconds?.(object, 0);
      const dying = kind.beginDeletion?.(cloneJson(object), CONTEXT.now);
      if (dying) expect(kind.beginDeletion?.(cloneJson(dying), CONTEXT.now)).toEqual(dying);
      if (!kind.storage) return;
      const stored = kind.storage.toStorage(cloneJson(object));
      show(kind, kind.storage.fromStorage(cloneJson(stored)));
    }));
});
