/**
 * Kills a real workerd with SIGKILL while writers and watchers are at work, again and again, and checks after each restart
 * that the store kept its promises: what was acknowledged is there, no revision names two writes, every watcher has seen
 * every change once and in order, and lists at old revisions are what the changes say.
 *
 *     node test/crash/main.mjs [--kills 10] [--writers 16] [--watchers 4]
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { prepareServer } from "./server.mjs";

const { values: flags } = parseArgs({
  options: {
    kills: { type: "string", default: "10" },
    writers: { type: "string", default: "16" },
    watchers: { type: "string", default: "4" },
  },
});
const KILLS = Number(flags.kills);
const KEYS_PER_WRITER = 5;
const LEASES = "leases.coordination.k8s.io";
const RESOURCES = ["pods", "services", "events", LEASES];

const violations = [];
const violation = (text) => {
  if (violations.length < 20) console.error(`violation: ${text}`);
  violations.push(text);
};

const idOf = (key) => `${key.resource} ${key.namespace}/${key.name}`;
const isHeartbeat = (change) => change.key.resource === LEASES && change.type === "MODIFIED";

/** What each revision was used for, by whoever learned of it: "key = value". */
const uses = new Map();
function use(revision, key, value) {
  const what = `${idOf(key)} = ${value}`;
  const known = uses.get(revision);
  if (known === undefined) uses.set(revision, what);
  else if (known !== what) violation(`revision ${revision} was used for ${known} and for ${what}`);
}

const { folder, base, spawnServer } = await prepareServer(join(import.meta.dirname, "worker.ts"));

let server;
let serving = false;
/** Whether writers may go on; not while `verify` looks. */
let writing = false;
let over = false;
let acknowledged = 0;
let latest = 0;

async function start() {
  server = spawnServer();
  server.once("exit", (code, signal) => {
    if (signal !== "SIGKILL") violation(`workerd ended by itself: ${code ?? signal}`);
  });
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      await list("pods");
      serving = true;
      return;
    } catch {
      await sleep(25);
    }
  }
  throw new Error("workerd does not answer");
}

async function kill() {
  serving = false;
  writing = false;
  const gone = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGKILL");
  await gone;
  // Every writer has its answer or knows that it will get none.
  while (writers.some((writer) => writer.busy)) await sleep(5);
}

async function list(resource, revision) {
  const response = await fetch(`${base}/list?resource=${resource}${revision === undefined ? "" : `&revision=${revision}`}`);
  if (response.status === 410) return undefined;
  if (!response.ok) throw new Error(`list: ${response.status} ${await response.text()}`);
  return response.json();
}

/** One writer at its own keys: what each must hold (`settled`), or may hold as its write got no answer (`pending`). */
class Writer {
  constructor(index) {
    this.value = 0;
    this.keys = Array.from({ length: KEYS_PER_WRITER }, (_, number) => ({
      resource: RESOURCES[number % RESOURCES.length],
      namespace: RESOURCES[number % RESOURCES.length] === LEASES ? "kube-node-lease" : "default",
      name: `w${index}-${number}`,
    }));
    this.settled = new Map();
    this.pending = undefined;
    this.events = 0;
    this.index = index;
    this.busy = false;
    this.acknowledgedRevisions = [];
  }

  async run() {
    while (!over) {
      if (!writing) {
        await sleep(5);
        continue;
      }
      this.busy = true;
      await this.writeOne();
      this.busy = false;
    }
  }

  async writeOne() {
    let key = this.keys[Math.floor(Math.random() * this.keys.length)];
    // Every Event is new: a resumed watch need not see an Event's earlier states.
    if (key.resource === "events") key = { ...key, name: `w${this.index}-e${this.events++}` };
    const present = this.settled.get(idOf(key))?.value !== undefined;
    const value = present && Math.random() < 0.2 ? undefined : this.index + 1000 * ++this.value;
    this.pending = { key, value, before: this.settled.get(idOf(key))?.value };
    try {
      const response = await fetch(`${base}/write`, { method: "POST", body: JSON.stringify({ key, value }) });
      const { revision } = await (response.ok ? response.json() : response.text().then((text) => Promise.reject(new Refused(text))));
      acknowledged++;
      latest = Math.max(latest, revision);
      use(revision, key, value ?? this.pending.before);
      this.settled.set(idOf(key), { key, value, revision });
      this.acknowledgedRevisions.push({ revision, key, present });
      this.pending = undefined;
    } catch (error) {
      // A write cut off by the kill stays pending until `verify` learns its outcome.
      if (error instanceof Refused) {
        violation(`write of ${idOf(key)} was refused: ${error.message}`);
        this.pending = undefined;
      }
    }
  }

  /** Compares with what the lists show after a restart, and learns what became of the pending write. */
  verify(found) {
    if (this.pending !== undefined) {
      const { key, value, before } = this.pending;
      const shown = found.get(idOf(key))?.value;
      if (shown === value || shown === before || key.resource === LEASES) this.settled.set(idOf(key), { key, value: shown });
      else violation(`${idOf(key)} holds ${shown}, neither ${before} nor ${value}`);
      this.pending = undefined;
    }
    for (const [id, { key, value, revision }] of this.settled) {
      const shown = found.get(id);
      if (shown?.value === value && (revision === undefined || shown === undefined || shown.revision === revision)) continue;
      // The last renewals may be lost in a crash; the Lease itself may not.
      if (key.resource === LEASES && value !== undefined && shown !== undefined && shown.value <= value) {
        this.settled.set(id, { key, value: shown.value });
        continue;
      }
      violation(`acknowledged ${id} = ${value} at ${revision}, found ${shown?.value} at ${shown?.revision}`);
    }
  }
}

class Refused extends Error {}

/** A watcher of everything that resumes from its last revision whenever its stream ends. */
class Watcher {
  last = 1;
  seen = [];

  async run() {
    while (!over) {
      if (!serving) {
        await sleep(5);
        continue;
      }
      try {
        const response = await fetch(`${base}/watch?after=${this.last}`);
        if (!response.ok) {
          violation(`watch after ${this.last}: ${response.status} ${await response.text()}`);
          return;
        }
        await this.read(response.body);
      } catch {
        // Cut off: resume.
      }
    }
  }

  async read(body) {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of body) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop();
      for (const line of lines) if (line !== "") this.take(JSON.parse(line));
    }
  }

  take(change) {
    if (change.revision <= this.last) violation(`a watcher at ${this.last} was told ${change.revision}`);
    this.last = change.revision;
    this.seen.push(change);
    use(change.revision, change.key, change.value);
  }

  /** What a list of `resource` shows at `revision`, by the changes seen. Leases in brief: their renewals have no history. */
  listAt(resource, revision) {
    const shown = new Map();
    for (const change of this.seen) {
      if (change.revision > revision || change.key.resource !== resource) continue;
      if (change.type === "DELETED") shown.delete(change.key.name);
      else shown.set(change.key.name, resource === LEASES ? "" : `${change.revision} ${change.value}`);
    }
    return [...shown].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, state]) => `${name} ${state}`);
  }
}

const writers = Array.from({ length: Number(flags.writers) }, (_, index) => new Writer(index));
const watchers = Array.from({ length: Number(flags.watchers) }, () => new Watcher());

async function chores() {
  while (!over) {
    if (serving) await fetch(`${base}/chores`).catch(() => {});
    await sleep(100);
  }
}

/** While nobody writes: lists hold what was acknowledged, watchers catch up with each other, old lists agree with them. */
async function verify(round) {
  const found = new Map();
  let revision = 0;
  for (const resource of RESOURCES) {
    const answer = await list(resource);
    revision = answer.revision;
    for (const item of answer.items) found.set(`${resource} ${item.namespace}/${item.name}`, item);
  }
  if (revision < latest) violation(`the store is at ${revision} after revision ${latest} was acknowledged`);
  for (const writer of writers) writer.verify(found);
  const logged = (watcher) => watcher.seen.filter((change) => !isHeartbeat(change));
  const newest = Math.max(0, ...[...found].filter(([id]) => !id.startsWith(LEASES)).map(([, item]) => item.revision));
  for (let waited = 0; waited < 100; waited++) {
    const counts = new Set(watchers.map((watcher) => logged(watcher).length));
    if (counts.size === 1 && watchers.every((watcher) => watcher.last >= newest)) break;
    await sleep(20);
  }
  const [first, ...others] = watchers;
  const story = logged(first).map((change) => `${change.revision} ${change.type} ${idOf(change.key)} ${change.value}`);
  for (const [index, other] of others.entries()) {
    const theirs = logged(other).map((change) => `${change.revision} ${change.type} ${idOf(change.key)} ${change.value}`);
    const at = story.findIndex((line, position) => line !== theirs[position]);
    if (at >= 0 || theirs.length !== story.length) violation(`round ${round}: watcher ${index + 1} differs at ${story[at]} / ${theirs[at]}`);
  }
  const told = new Set(first.seen.map((change) => change.revision));
  for (const writer of writers) {
    for (const { revision: one, key, present } of writer.acknowledgedRevisions) {
      if (!told.has(one) && !(key.resource === LEASES && present)) violation(`no watcher was told the acknowledged revision ${one} of ${idOf(key)}`);
    }
    writer.acknowledgedRevisions = [];
  }
  const old = Math.max(1, first.last - Math.floor(Math.random() * 300));
  for (const resource of RESOURCES) {
    const answer = await list(resource, old);
    if (answer === undefined) continue;
    oldLists++;
    const shown = answer.items.map((item) => `${item.name} ${resource === LEASES ? "" : `${item.revision} ${item.value}`}`);
    const expected = first.listAt(resource, old);
    if (shown.join() !== expected.join()) violation(`round ${round}: list of ${resource} at ${old} is ${shown}, expected ${expected}`);
  }
}

let oldLists = 0;
const began = Date.now();
let restarts = 0;
try {
  await start();
  const work = [...writers, ...watchers].map((worker) => worker.run());
  work.push(chores());
  for (let round = 1; round <= KILLS && violations.length === 0; round++) {
    writing = true;
    await sleep(400 + Math.random() * 1200);
    await kill();
    const starting = Date.now();
    await start();
    restarts += Date.now() - starting;
    await verify(round);
  }
  over = true;
  await kill();
  await Promise.all(work);
} finally {
  over = true;
  server?.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
}
const changes = watchers.reduce((sum, watcher) => sum + watcher.seen.length, 0);
console.log(
  `kills ${KILLS}, acknowledged ${acknowledged}, revisions seen ${uses.size}, changes watched ${changes}, old lists checked ${oldLists}, ` +
    `restart ${Math.round(restarts / Math.max(1, KILLS))} ms, violations ${violations.length}, ${Math.round((Date.now() - began) / 1000)} s`,
);
process.exitCode = violations.length === 0 ? 0 : 1;
