/** Informers of the JavaScript client hold exactly what the server holds: under load, and across a crash of the server. */
import { setTimeout as sleep } from "node:timers/promises";
import { CoreV1Api, KubeConfig, makeInformer, type V1ConfigMap } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { workerdProcess } from "./server.ts";

const config = new KubeConfig();
config.loadFromFile(inject("kubeconfig"));
const api = config.makeApiClient(CoreV1Api);
const namespace = `informers-${Date.now().toString(36)}`;
const NAMES = Array.from({ length: 40 }, (_, at) => `object-${at}`);

/** An informer that follows one namespace's ConfigMaps and notes any event that could not have happened. */
function follow() {
  const list = () => api.listNamespacedConfigMap({ namespace });
  const informer = makeInformer<V1ConfigMap>(config, `/api/v1/namespaces/${namespace}/configmaps`, list);
  const seen = new Map<string, string>();
  const impossible: string[] = [];
  const revision = (object: V1ConfigMap) => object.metadata?.resourceVersion ?? "";
  informer.on("update", (object) => {
    const name = object.metadata?.name ?? "";
    if (BigInt(revision(object)) < BigInt(seen.get(name) ?? 0)) impossible.push(`${name} went back from ${seen.get(name)} to ${revision(object)}`);
    seen.set(name, revision(object));
  });
  informer.on("add", (object) => seen.set(object.metadata?.name ?? "", revision(object)));
  informer.on("delete", (object) => seen.delete(object.metadata?.name ?? ""));
  let stopped = false;
  informer.on("error", () => {
    const again = () => void informer.start().catch(() => (stopped ? undefined : setTimeout(again, 200)));
    if (!stopped) setTimeout(again, 200);
  });
  return {
    start: () => informer.start(),
    async stop() {
      stopped = true;
      await informer.stop();
    },
    content: () => Object.fromEntries([...seen].filter(([name]) => name.startsWith("object-")).sort()),
    impossible,
  };
}

/** Writes at random for a while; a refused or broken write is simply another write tried later. */
async function churn(milliseconds: number, writers: number): Promise<number> {
  const until = Date.now() + milliseconds;
  let done = 0;
  const write = async () => {
    while (Date.now() < until) {
      const name = NAMES[Math.floor(Math.random() * NAMES.length)] ?? "";
      const body: V1ConfigMap = { metadata: { name }, data: { value: String(Math.random()) } };
      const kind = Math.random();
      const attempt =
        kind < 0.3
          ? api.createNamespacedConfigMap({ namespace, body })
          : kind < 0.8
            ? api.replaceNamespacedConfigMap({ namespace, name, body })
            : api.deleteNamespacedConfigMap({ namespace, name });
      await attempt.then(
        () => done++,
        () => sleep(2),
      );
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  return done;
}

async function serverContent(): Promise<Record<string, string>> {
  const { items } = await api.listNamespacedConfigMap({ namespace });
  const own = items.filter((item) => item.metadata?.name?.startsWith("object-"));
  return Object.fromEntries(own.map((item) => [item.metadata?.name ?? "", item.metadata?.resourceVersion ?? ""] as const).sort());
}

describe("informers", () => {
  const informers = Array.from({ length: 5 }, follow);

  beforeAll(async () => {
    await api.createNamespace({ body: { metadata: { name: namespace } } });
    await Promise.all(informers.map((informer) => informer.start()));
  });

  afterAll(async () => {
    await Promise.all(informers.map((informer) => informer.stop()));
    await api.deleteNamespace({ name: namespace });
  });

  async function expectExact(within: number): Promise<void> {
    const wanted = await serverContent();
    await expect.poll(() => informers.map((informer) => informer.content()), { timeout: within, interval: 100 }).toEqual(informers.map(() => wanted));
    expect(informers.flatMap((informer) => informer.impossible)).toEqual([]);
  }

  test("hold what the server holds after a storm of writes", async () => {
    expect(await churn(4_000, 12)).toBeGreaterThan(20);
    await expectExact(10_000);
  });

  test.skipIf(inject("dataFolder") === "")("hold it again after the server was killed in the middle of a storm", { timeout: 120_000 }, async () => {
    const storm = churn(6_000, 12);
    await sleep(2_000);
    process.kill(workerdProcess(inject("dataFolder")), "SIGKILL");
    expect(await storm).toBeGreaterThan(20);
    await expectExact(60_000);
  });
});
