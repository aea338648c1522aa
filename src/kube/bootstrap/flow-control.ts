/** The FlowSchemas and PriorityLevelConfigurations that every cluster has (KEP-1040). */
import type { FlowSchema, PolicyRulesWithSubjects, PriorityLevelConfiguration, Subject } from "../schema/generated/types/flowcontrol.v1.ts";
import { timestamp } from "./times.ts";

const GROUP_VERSION = "flowcontrol.apiserver.k8s.io/v1";
const AUTOUPDATE = { "apf.kubernetes.io/autoupdate-spec": "true" };

const group = (name: string): Subject => ({ kind: "Group", group: { name } });
const user = (name: string): Subject => ({ kind: "User", user: { name } });
const SYSTEM_ACCOUNTS: Subject = { kind: "ServiceAccount", serviceAccount: { namespace: "kube-system", name: "*" } };
const EVERYONE = [group("system:unauthenticated"), group("system:authenticated")];

function anything(...subjects: Subject[]): PolicyRulesWithSubjects {
  return {
    subjects,
    resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"], clusterScope: true, namespaces: ["*"] }],
    nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
  };
}

interface Schema {
  name: string;
  level: string;
  precedence: number;
  distinguisher?: "ByUser" | "ByNamespace";
  rules: PolicyRulesWithSubjects[];
}

const SCHEMAS: readonly Schema[] = [
  { name: "exempt", level: "exempt", precedence: 1, rules: [anything(group("system:masters"))] },
  {
    name: "probes",
    level: "exempt",
    precedence: 2,
    rules: [{ subjects: EVERYONE, nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/healthz", "/readyz", "/livez"] }] }],
  },
  {
    name: "system-leader-election",
    level: "leader-election",
    precedence: 100,
    distinguisher: "ByUser",
    rules: [
      {
        subjects: [user("system:kube-controller-manager"), user("system:kube-scheduler"), SYSTEM_ACCOUNTS],
        resourceRules: [{ verbs: ["get", "create", "update"], apiGroups: ["coordination.k8s.io"], resources: ["leases"], namespaces: ["*"] }],
      },
    ],
  },
  {
    name: "system-node-high",
    level: "node-high",
    precedence: 400,
    distinguisher: "ByUser",
    rules: [
      {
        subjects: [group("system:nodes")],
        resourceRules: [
          { verbs: ["*"], apiGroups: [""], resources: ["nodes", "nodes/status"], clusterScope: true, namespaces: ["*"] },
          { verbs: ["*"], apiGroups: ["coordination.k8s.io"], resources: ["leases"], namespaces: ["*"] },
        ],
      },
    ],
  },
  { name: "system-nodes", level: "system", precedence: 500, distinguisher: "ByUser", rules: [anything(group("system:nodes"))] },
  {
    name: "kube-controller-manager",
    level: "workload-high",
    precedence: 800,
    distinguisher: "ByNamespace",
    rules: [anything(user("system:kube-controller-manager"))],
  },
  { name: "kube-scheduler", level: "workload-high", precedence: 800, distinguisher: "ByNamespace", rules: [anything(user("system:kube-scheduler"))] },
  { name: "kube-system-service-accounts", level: "workload-high", precedence: 900, distinguisher: "ByNamespace", rules: [anything(SYSTEM_ACCOUNTS)] },
  { name: "service-accounts", level: "workload-low", precedence: 9000, distinguisher: "ByUser", rules: [anything(group("system:serviceaccounts"))] },
  { name: "global-default", level: "global-default", precedence: 9900, distinguisher: "ByUser", rules: [anything(...EVERYONE)] },
  { name: "catch-all", level: "catch-all", precedence: 10000, distinguisher: "ByUser", rules: [anything(...EVERYONE)] },
];

export function flowSchemas(now: Date): FlowSchema[] {
  return SCHEMAS.map(({ name, level, precedence, distinguisher, rules }) => ({
    apiVersion: GROUP_VERSION,
    kind: "FlowSchema",
    metadata: { name, annotations: AUTOUPDATE },
    spec: {
      priorityLevelConfiguration: { name: level },
      matchingPrecedence: precedence,
      ...(distinguisher ? { distinguisherMethod: { type: distinguisher } } : {}),
      rules,
    },
    status: {
      conditions: [
        {
          type: "Dangling",
          status: "False",
          lastTransitionTime: timestamp(now),
          reason: "Found",
          message: `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)} and it exists`,
        },
      ],
    },
  }));
}

/** [name, shares, lendable percent, queues, hand size] */
const QUEUED_LEVELS: readonly (readonly [string, number, number, number, number])[] = [
  ["system", 30, 33, 64, 6],
  ["node-high", 40, 25, 64, 6],
  ["leader-election", 10, 0, 16, 4],
  ["workload-high", 40, 50, 128, 6],
  ["workload-low", 100, 90, 128, 6],
  ["global-default", 20, 50, 128, 6],
];

export function priorityLevels(): PriorityLevelConfiguration[] {
  const level = (name: string, spec: PriorityLevelConfiguration["spec"]): PriorityLevelConfiguration => ({
    apiVersion: GROUP_VERSION,
    kind: "PriorityLevelConfiguration",
    metadata: { name, annotations: AUTOUPDATE },
    spec,
    status: {},
  });
  return [
    level("exempt", { type: "Exempt", exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
    level("catch-all", { type: "Limited", limited: { nominalConcurrencyShares: 5, limitResponse: { type: "Reject" }, lendablePercent: 0 } }),
    ...QUEUED_LEVELS.map(([name, nominalConcurrencyShares, lendablePercent, queues, handSize]) =>
      level(name, {
        type: "Limited",
        limited: { nominalConcurrencyShares, limitResponse: { type: "Queue", queuing: { queues, handSize, queueLengthLimit: 50 } }, lendablePercent },
      }),
    ),
  ];
}
