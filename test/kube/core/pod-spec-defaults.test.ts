import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { imagePullPolicyFor } from "../../../src/kube/core/pod-spec/image.ts";
import { qosClassOf } from "../../../src/kube/core/pod-spec/qos.ts";
import type { PodSpec } from "../../../src/kube/schema/generated/types/core.v1.ts";
import { workloadKinds } from "../../../src/kube/workloads.ts";

describe("the default pull policy", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  test.each([
    ["nginx", "Always"],
    ["nginx:latest", "Always"],
    ["nginx:1.25", "IfNotPresent"],
    [`nginx@${digest}`, "IfNotPresent"],
    [`nginx:latest@${digest}`, "Always"],
    ["localhost:5000/x", "Always"],
    ["registry.k8s.io/pause:3.9", "IfNotPresent"],
    ["Not/A Reference", "IfNotPresent"],
    ["", "IfNotPresent"],
  ])("of %s is %s", (image, policy) => expect(imagePullPolicyFor(image)).toBe(policy));
});

describe("the quality of service class", () => {
  const spec = (...resources: object[]) => ({ containers: resources.map((each, i) => ({ name: `c${i}`, resources: each })) }) as unknown as PodSpec;
  const full = { limits: { cpu: "1", memory: "1Gi" } };
  test.each([
    ["BestEffort", spec({}, {})],
    ["BestEffort", spec({ limits: { "ephemeral-storage": "1Gi" } })],
    ["BestEffort", spec({ limits: { cpu: "0", memory: "0" } })],
    ["Guaranteed", spec(full, { ...full, requests: { cpu: "1000m", memory: "1024Mi" } })],
    ["Burstable", spec(full, {})],
    ["Burstable", spec({ ...full, requests: { cpu: "500m" } })],
    ["Burstable", spec({ requests: { memory: "1" } })],
  ])("is %s", (expected, given) => expect(qosClassOf(given)).toBe(expected));
});

test("defaults of every workload kind are idempotent", () => {
  const container = fc.record({
    name: fc.constant("a"),
    image: fc.constantFrom("x", "x:1", "x:latest"),
    ports: fc.constantFrom([{ containerPort: 80 }], []),
    livenessProbe: fc.constantFrom({ httpGet: { port: 80 } }, { grpc: { port: 1 } }),
  });
  const volume = fc.constantFrom(
    { name: "v" },
    { name: "v", secret: { secretName: "s" } },
    { name: "v", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } },
    { name: "v", image: { reference: "x" } },
  );
  const template = fc.record({
    containers: fc.array(container, { minLength: 1, maxLength: 2 }),
    volumes: fc.array(volume, { maxLength: 2 }),
    hostNetwork: fc.boolean(),
  });
  fc.assert(
    fc.property(template, (spec) => {
      for (const kind of workloadKinds) {
        const body: Record<string, unknown> =
          kind.kind === "Pod"
            ? { spec }
            : {
                spec: {
                  template: { metadata: { labels: { a: "b" } }, spec },
                  jobTemplate: { spec: { template: { spec } } },
                  scaleTargetRef: {},
                  maxReplicas: 1,
                },
                template: { spec },
              };
        const object = kind.decode({ apiVersion: kind.apiVersion, kind: kind.kind, metadata: { name: "x" }, ...body }, { strict: [] });
        kind.applyDefaults?.(object);
        const once = JSON.stringify(object);
        kind.applyDefaults?.(object);
        expect(JSON.stringify(object)).toBe(once);
      }
    }),
    { numRuns: 50 },
  );
});
