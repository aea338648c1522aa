/** The same work on any API server. */
import { fanOut } from "./fan-out.ts";
import { type LoadResult, run, type Target } from "./load.ts";

export interface Measured {
  name: string;
  /** Requests a second; for the fan-out, events a second are not meant: 1000 / median. */
  perSecond: number;
  median: number;
  p99: number;
  note: string;
}

export interface Sizes {
  objects: number;
  listed: number;
  watchers: number;
}

const NAMESPACE = "bench";
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;

/** About 1.5 KB, as a pod of a real application is. No scheduler takes it. */
function pod(name: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: "bench", shard: String(name.length % 7) } },
    spec: {
      schedulerName: "nobody",
      automountServiceAccountToken: false,
      containers: [
        {
          name: "main",
          image: "registry.example.com/shop/checkout:1.27.3",
          env: Array.from({ length: 12 }, (_, at) => ({ name: `SETTING_${at}`, value: "v".repeat(60) })),
        },
      ],
    },
  });
}

export async function measure(target: Target, sizes: Sizes, measured: (result: Measured) => void): Promise<void> {
  const load = (clients: number, requests: number, request: (at: number) => { method: string; path: string; body?: string; contentType?: string }) =>
    run(target, { clients, requests, request });
  const say = (name: string, result: LoadResult) => measured({ name, ...result, note: result.refused > 0 ? `${result.refused} refused` : "" });
  const { objects, listed, watchers } = sizes;

  await load(1, 1, () => ({
    method: "POST",
    path: "/api/v1/namespaces",
    body: JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } }),
  }));
  await load(1, 1, () => ({
    method: "POST",
    path: `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`,
    body: JSON.stringify({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } }),
  }));
  await new Promise((resolve) => setTimeout(resolve, 1_000));

  say("create, 1 client", await load(1, objects / 8, (at) => ({ method: "POST", path: PODS, body: pod(`a-${at}`) })));
  say("create, 64 clients", await load(64, objects, (at) => ({ method: "POST", path: PODS, body: pod(`b-${at}`) })));
  say("get, 1 client", await load(1, objects / 4, (at) => ({ method: "GET", path: `${PODS}/b-${at}` })));
  say("get, 64 clients", await load(64, objects * 2, (at) => ({ method: "GET", path: `${PODS}/b-${at % objects}` })));
  const patch = (at: number) => ({
    method: "PATCH",
    path: `${PODS}/b-${at}`,
    body: '{"metadata":{"labels":{"patched":"yes"}}}',
    contentType: "application/strategic-merge-patch+json",
  });
  say("patch, 64 clients", await load(64, objects / 2, patch));
  const there = objects + objects / 8;
  if (there < listed) await load(64, listed - there, (at) => ({ method: "POST", path: PODS, body: pod(`c-${at}`) }));
  say(`list ${Math.max(listed, there)} pods, 1 client`, await load(1, 8, () => ({ method: "GET", path: PODS })));
  say("list pages of 500, 8 clients", await load(8, 40, () => ({ method: "GET", path: `${PODS}?limit=500` })));
  say("list by label, 8 clients", await load(8, 24, () => ({ method: "GET", path: `${PODS}?labelSelector=shard%3D3` })));

  const maps = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
  const body = (at: number) => JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: `fan-${at}` }, data: { value: "x".repeat(500) } });
  const fan = await fanOut(target, `${maps}?watch=true`, watchers, 30, (at) => load(1, 1, () => ({ method: "POST", path: maps, body: body(at) })));
  measured({
    name: `event to ${watchers} watchers`,
    perSecond: 1000 / fan.median,
    median: fan.median,
    p99: fan.p99,
    note: fan.arrived === fan.expected ? "" : `${fan.arrived} of ${fan.expected} arrived`,
  });

  say("delete, 64 clients", await load(64, objects, (at) => ({ method: "DELETE", path: `${PODS}/b-${at}?gracePeriodSeconds=0` })));
  await load(1, 1, () => ({ method: "DELETE", path: `/api/v1/namespaces/${NAMESPACE}` }));
}
