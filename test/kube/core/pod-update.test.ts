import { describe, expect, test } from "vitest";
import { pod, prepareEphemeralContainersUpdate, prepareResize, validateEphemeralContainersUpdate, validateResize } from "../../../src/kube/core/pod.ts";
import { FieldErrors, FieldPath } from "../../../src/kube/machinery/field.ts";
import type { JsonObject } from "../../../src/kube/object.ts";
import type { Pod, PodSpec } from "../../../src/kube/schema/generated/types/core.v1.ts";

const CONTEXT = { now: new Date("2026-01-02T03:04:05Z"), user: { username: "tester", groups: [] } };
const MUTABLE = /^Forbidden spec: Forbidden: pod updates may not change fields other than `spec\.containers\[\*\]\.image`/;

function stored(spec: JsonObject): Pod {
  const object = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "ns", uid: "u", resourceVersion: "1" }, spec };
  const made = pod.decode(object, { strict: [] }) as Pod;
  pod.applyDefaults?.(made);
  pod.prepareForCreate?.(made, CONTEXT);
  return made;
}

const placed = stored({
  nodeName: "node-1",
  activeDeadlineSeconds: 100,
  tolerations: [{ key: "a", operator: "Exists" }],
  containers: [
    { name: "a", image: "nginx", resources: { requests: { cpu: "100m", memory: "1Gi" }, limits: { cpu: "200m" } } },
    { name: "b", image: "nginx" },
  ],
  initContainers: [
    { name: "i", image: "nginx", restartPolicy: "Always" },
    { name: "j", image: "nginx" },
  ],
});

const gated = stored({
  schedulingGates: [{ name: "g" }, { name: "h" }],
  nodeSelector: { a: "b" },
  affinity: {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: "a", operator: "Exists" }] }] } },
  },
  containers: [{ name: "a", image: "nginx" }],
});

type Change = (spec: PodSpec, pod: Pod) => void;

function texts(errors: FieldErrors): string[] {
  return errors.list.map((error) => `${error.reason.replace("FieldValue", "")} ${error.field}: ${error.body()}`);
}

function update(old: Pod, change: Change): string[] {
  const changed = structuredClone(old);
  change(changed.spec, changed);
  const errors = new FieldErrors();
  pod.prepareForUpdate?.(changed, old, CONTEXT);
  pod.validate?.(changed, errors, FieldPath.root);
  pod.validateUpdate?.(changed, old, errors, FieldPath.root);
  return texts(errors);
}

const first = (spec: PodSpec) => spec.containers[0] as PodSpec["containers"][number];
const requiredTerms = (spec: PodSpec) =>
  spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms as { matchExpressions: { key: string; operator: string }[] }[];

describe("updates of a pod", () => {
  test.each<[string, Pod, Change]>([
    ["nothing", placed, () => {}],
    ["images", placed, (spec) => Object.assign(first(spec), { image: "x" })],
    ["an init container's image", placed, (spec) => Object.assign(spec.initContainers?.[0] as object, { image: "x" })],
    ["a nearer deadline", placed, (spec) => Object.assign(spec, { activeDeadlineSeconds: 50 })],
    ["a further toleration", placed, (spec) => spec.tolerations?.push({ key: "x", operator: "Exists" })],
    [
      "how long a toleration lasts",
      stored({ ...placed.spec, tolerations: [{ key: "a", operator: "Exists", effect: "NoExecute", tolerationSeconds: 5 }] }),
      (spec) => Object.assign(spec.tolerations?.[0] as object, { tolerationSeconds: 6 }),
    ],
    ["the removal of a scheduling gate", gated, (spec) => spec.schedulingGates?.pop()],
    ["a narrower node selector while gated", gated, (spec) => Object.assign(spec.nodeSelector as object, { c: "d" })],
    ["a narrower node affinity while gated", gated, (spec) => requiredTerms(spec)[0]?.matchExpressions.push({ key: "q", operator: "Exists" })],
    [
      "preferences while gated",
      gated,
      (spec) =>
        Object.assign(spec.affinity?.nodeAffinity as object, {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchExpressions: [{ key: "z", operator: "Exists" }] } }],
        }),
    ],
  ])("allow %s", (_what, old, change) => {
    expect(update(old, change)).toEqual([]);
  });

  test.each<[string, Pod, Change, (string | RegExp)[]]>([
    ["another command", placed, (spec) => Object.assign(first(spec), { command: ["x"] }), [MUTABLE]],
    ["another container name", placed, (spec) => Object.assign(first(spec), { name: "z" }), [MUTABLE]],
    ["another service account", placed, (spec) => Object.assign(spec, { serviceAccountName: "x", serviceAccount: "x" }), [MUTABLE]],
    ["resources, which belong to /resize", placed, (spec) => Object.assign(first(spec).resources.requests as object, { cpu: "150m" }), [MUTABLE]],
    [
      "ephemeral containers, which have a subresource too",
      placed,
      (spec) =>
        Object.assign(spec, { ephemeralContainers: [{ name: "e", image: "x", resources: {}, terminationMessagePolicy: "File", imagePullPolicy: "Always" }] }),
      [MUTABLE],
    ],
    [
      "a container more",
      placed,
      (spec) => spec.containers.push({ ...first(spec), name: "q" }),
      ["Forbidden spec.containers: Forbidden: pod updates may not add or remove containers"],
    ],
    [
      "an init container more",
      placed,
      (spec) => spec.initContainers?.push({ ...first(spec), name: "q" }),
      ["Forbidden spec.initContainers: Forbidden: pod updates may not add or remove containers"],
    ],
    [
      "a later deadline",
      placed,
      (spec) => Object.assign(spec, { activeDeadlineSeconds: 200 }),
      ["Invalid spec.activeDeadlineSeconds: Invalid value: 200: must be less than or equal to previous value"],
    ],
    [
      "no deadline any more",
      placed,
      (spec) => delete spec.activeDeadlineSeconds,
      ["Invalid spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value"],
    ],
    [
      "a toleration less",
      placed,
      (spec) => Object.assign(spec, { tolerations: [] }),
      ["Forbidden spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"],
    ],
    [
      "a new scheduling gate",
      gated,
      (spec) => spec.schedulingGates?.push({ name: "z" }),
      ["Forbidden spec.schedulingGates[2].name: Forbidden: only deletion is allowed, but found new scheduling gate 'z'"],
    ],
    [
      "another node selector while gated",
      gated,
      (spec) => Object.assign(spec, { nodeSelector: { a: "d" } }),
      ['Invalid spec.nodeSelector: Invalid value: {"a":"d"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)'],
    ],
    [
      "no node affinity any more",
      gated,
      (spec) => delete spec.affinity,
      [
        "Invalid spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Invalid value: null: no additions/deletions to non-empty NodeSelectorTerms list are allowed",
      ],
    ],
    [
      "another node affinity",
      gated,
      (spec) => Object.assign(requiredTerms(spec)[0]?.matchExpressions[0] as object, { key: "z" }),
      [
        'Invalid spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]: Invalid value: {"MatchExpressions":[{"Key":"z","Operator":"Exists","Values":null}],"MatchFields":null}: only additions are allowed (no mutations or deletions)',
      ],
    ],
    [
      "becoming a mirror pod",
      placed,
      (_spec, object) => Object.assign(object.metadata, { annotations: { "kubernetes.io/config.mirror": "x" } }),
      ["Forbidden metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not add mirror pod annotation"],
    ],
  ])("refuse %s", (_what, old, change, causes) => {
    const found = update(old, change);
    expect(found).toHaveLength(causes.length);
    for (const [i, cause] of causes.entries()) {
      if (typeof cause === "string") expect(found[i]).toBe(cause);
      else expect(found[i]).toMatch(cause);
    }
  });
});

describe("a resize", () => {
  function resize(change: Change): string[] {
    const changed = structuredClone(placed);
    change(changed.spec, changed);
    prepareResize(changed, placed);
    pod.applyDefaults?.(changed);
    const errors = new FieldErrors();
    validateResize(changed, placed, errors, FieldPath.root);
    return texts(errors).map((text) => text.split("\n")[0] as string);
  }

  test.each<[string, Change, string[]]>([
    ["changes cpu", (spec) => Object.assign(first(spec).resources.requests as object, { cpu: "150m" }), []],
    ["gives resources to a container without", (spec) => Object.assign(spec.containers[1] as object, { resources: { requests: { cpu: "1" } } }), []],
    ["changes a sidecar", (spec) => Object.assign(spec.initContainers?.[0] as object, { resources: { requests: { cpu: "1" } } }), []],
    [
      "ignores everything else, labels too",
      (spec, object) => Object.assign(object.metadata, { labels: { a: "b" } }) && Object.assign(first(spec), { image: "zz" }),
      [],
    ],
    [
      "keeps requests within limits",
      (spec) => Object.assign(first(spec).resources.limits as object, { cpu: "50m" }),
      ['Invalid spec.containers[0].resources.requests: Invalid value: "100m": must be less than or equal to cpu limit of 50m'],
    ],
    [
      "takes nothing away",
      (spec) => delete first(spec).resources.requests?.memory,
      ["Forbidden spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed"],
    ],
    [
      "leaves other resources alone",
      (spec) => Object.assign(first(spec).resources.requests as object, { "ephemeral-storage": "1Gi" }),
      ["Forbidden spec: Forbidden: only cpu and memory resources are mutable"],
    ],
    [
      "leaves resize policies alone",
      (spec) => Object.assign(first(spec), { resizePolicy: [{ resourceName: "cpu", restartPolicy: "RestartContainer" }] }),
      ["Forbidden spec: Forbidden: only cpu and memory resources are mutable"],
    ],
    ["removes no container", (spec) => spec.containers.pop(), ["Forbidden spec.containers: Forbidden: containers may not be added or removed on resize"]],
    [
      "reorders no containers",
      (spec) => spec.containers.reverse(),
      [
        "Forbidden spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize",
        "Forbidden spec.containers[1].name: Forbidden: containers may not be renamed or reordered on resize",
      ],
    ],
    [
      "keeps the quality of service class",
      (spec) => {
        const resources = { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "1", memory: "1Gi" } };
        for (const each of [...spec.containers, ...(spec.initContainers ?? [])]) each.resources = resources;
      },
      [
        'Invalid spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
        "Forbidden spec: Forbidden: only cpu and memory resources are mutable",
      ],
    ],
  ])("%s", (_what, change, causes) => {
    expect(resize(change)).toEqual(causes);
  });
});

describe("ephemeral containers", () => {
  function write(old: Pod, ephemeralContainers: JsonObject[]): string[] {
    const changed = structuredClone(old);
    changed.spec.ephemeralContainers = ephemeralContainers as unknown as NonNullable<PodSpec["ephemeralContainers"]>;
    first(changed.spec).image = "ignored";
    pod.applyDefaults?.(changed);
    prepareEphemeralContainersUpdate(changed, old);
    const errors = new FieldErrors();
    validateEphemeralContainersUpdate(changed, old, errors, FieldPath.root);
    expect(changed.spec.containers).toEqual(old.spec.containers);
    return texts(errors).map((text) => text.split("\n")[0] as string);
  }
  const debug = { name: "e", image: "busybox", resources: {} };
  const debugged = structuredClone(placed);
  debugged.spec.ephemeralContainers = [
    { ...debug, imagePullPolicy: "Always", terminationMessagePath: "/dev/termination-log", terminationMessagePolicy: "File" },
  ];

  test("may be added", () => expect(write(placed, [{ ...debug, targetContainerName: "a" }])).toEqual([]));
  test("may not be removed", () =>
    expect(write(debugged, [])).toEqual(['Forbidden spec.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be removed']));
  test("may not be changed", () =>
    expect(write(debugged, [{ ...debug, image: "other" }])).toEqual([
      'Forbidden spec.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be changed',
    ]));
  test("have neither ports, probes, hooks nor guarantees", () => {
    const probe = { tcpSocket: { port: 1 } };
    const rich = {
      ...debug,
      name: "a",
      targetContainerName: "zz",
      ports: [{ containerPort: 1 }],
      livenessProbe: probe,
      readinessProbe: probe,
      startupProbe: probe,
      lifecycle: {},
    };
    expect(write(placed, [{ ...rich, resources: { limits: { cpu: "1" } }, restartPolicy: "Always" }])).toEqual([
      'Duplicate spec.ephemeralContainers[0].name: Duplicate value: "a"',
      'NotFound spec.ephemeralContainers[0].targetContainerName: Not found: "zz"',
      ...["ports", "resources", "restartPolicy", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"].map(
        (field) => `Forbidden spec.ephemeralContainers[0].${field}: Forbidden: cannot be set for an Ephemeral Container`,
      ),
    ]);
  });
});

describe("deletion grace", () => {
  test.each<[string, JsonObject, string | undefined, number | undefined, number]>([
    ["follows the spec", { nodeName: "n", terminationGracePeriodSeconds: 12 }, "Running", undefined, 12],
    ["follows the caller", { nodeName: "n" }, "Running", 7, 7],
    ["is none for a pod without a node", {}, "Pending", 30, 0],
    ["is none for a pod that has ended", { nodeName: "n" }, "Failed", 30, 0],
    ["is a second for a negative wish", { nodeName: "n" }, "Running", -1, 1],
  ])("%s", (_what, spec, phase, requested, expected) => {
    const object = stored({ containers: [{ name: "a", image: "x" }], ...spec });
    if (phase) object.status.phase = phase;
    expect(pod.gracePeriodSeconds?.(object, requested)).toBe(expected);
  });
});
