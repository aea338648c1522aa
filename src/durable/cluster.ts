/**
 * One Kubernetes cluster: what etcd, the storage side of kube-apiserver and kube-controller-manager are together.
 * The class is thin: it wires the store, the API server, the watchers and the controllers to the platform's
 * lifecycle (RPC, WebSockets, the alarm). The constructor opens the store and does nothing else.
 */
import { DurableObject } from "cloudflare:workers";
import { CONTROLLERS } from "../controllers/controllers.ts";
import { Manager } from "../controllers/manager.ts";
import { StatusError, unauthorized } from "../kube/machinery/status.ts";
import { ApiServer } from "./api-server.ts";
import { bootstrap } from "./bootstrap.ts";
import { controllerClient } from "./controller-client.ts";
import { Credentials } from "./credentials.ts";
import { impersonated, MASTERS, type UserInfo } from "./identity.ts";
import { createJournal, sqlJournal } from "./journal.ts";
import { renderMetrics } from "./metrics.ts";
import type { ClusterApi, Credential, CustomResourceCatalog, ProvisionOptions, ResourceRequest, ResourceResponse, WatchRequest } from "./protocol.ts";
import { WATCH_HEADER } from "./protocol.ts";
import { DEFINITIONS } from "./resources.ts";
import { readSettings, writeSettings } from "./settings.ts";
import { Store } from "./store/store.ts";
import type { Change } from "./store/types.ts";
import { Watchers } from "./watchers.ts";

/** The administrator's name in the cluster, as kubeadm's kubeconfig has it. */
const ADMIN = "kubernetes-admin";
/** At least so many milliseconds lie between the starts of two alarms for controllers: a burst of writes pays for a few, not for one each. */
const RECONCILE_INTERVAL = 100;
/** Milliseconds of reconciling per alarm, before other requests and the next alarm get their turn. */
const RECONCILE_BUDGET = 5_000;
/** Rows looked at per compaction step. */
const COMPACTION_ROWS = 2_000;
const EXPIRY_BATCH = 500;

export class Cluster extends DurableObject implements ClusterApi {
  readonly #store: Store;
  readonly #server: ApiServer;
  readonly #watchers: Watchers;
  readonly #credentials: Credentials;
  #manager: Manager | undefined;
  /** When the alarm is armed for; null = it is not; undefined = not known since the object woke. */
  #armed: number | null | undefined;
  /** When the last alarm went off, in ms. */
  #lastAlarm = 0;

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    this.#store = new Store(state.storage, { now: () => Date.now() });
    this.#server = new ApiServer({ store: this.#store, now: () => new Date(), random: Math.random });
    this.#watchers = new Watchers(state, this.#store, this.#server.resources);
    this.#credentials = new Credentials(state.storage.sql);
    this.#store.onCommit((changes) => this.#committed(changes));
  }

  async handle(request: ResourceRequest): Promise<ResourceResponse> {
    const user = this.#authenticate(request.credential);
    if (!user) return { status: 401, body: JSON.stringify(unauthorized().toStatus()) };
    return this.#server.handle(request, user);
  }

  async catalog(credential: Credential, path?: string, verb = "get"): Promise<CustomResourceCatalog | undefined> {
    const user = this.#authenticate(credential);
    if (!user) return undefined;
    const refused = path === undefined ? undefined : this.#server.refusePath(user, path, verb);
    return refused ? { revision: "", resources: [], refused } : this.#server.resources.catalog();
  }

  async metrics(credential: Credential): Promise<string | undefined> {
    if (!this.#authenticate(credential)) return undefined;
    return renderMetrics({ store: this.#store, watchers: this.#watchers.count, controllers: this.#manager?.metrics });
  }

  async provision(options: ProvisionOptions): Promise<{ created: boolean }> {
    const { sql } = this.ctx.storage;
    const created = !this.#store.exists;
    if (created) {
      this.#store.create();
      createJournal(sql);
      Credentials.create(sql);
      this.#credentials.add(options.adminTokenHash, ADMIN, [MASTERS]);
      writeSettings(sql, options, false);
    }
    if (!readSettings(sql).bootstrapped) await bootstrap(this.#server, options, new Date());
    writeSettings(sql, options, true);
    return { created };
  }

  async addCredential(tokenHash: string, username: string, groups: string[]): Promise<void> {
    if (this.#store.exists) this.#credentials.add(tokenHash, username, groups);
  }

  /** Opens a watch; see protocol.ts. */
  override async fetch(request: Request): Promise<Response> {
    try {
      const watch = JSON.parse(request.headers.get(WATCH_HEADER) ?? "{}") as WatchRequest;
      const user = watch.credential && this.#authenticate(watch.credential);
      if (!user) throw unauthorized();
      this.#server.checkAccess(user, { ...watch, verb: "watch", subresource: "" });
      return this.#watchers.open(watch);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return new Response(JSON.stringify(error.toStatus()), { status: error.code, headers: { "Content-Type": "application/json" } });
    }
  }

  override webSocketMessage(): void {
    // Watches are one-way: whatever a client's end sends is not for us.
  }

  override webSocketClose(socket: WebSocket): void {
    this.#watchers.closed(socket);
  }

  override webSocketError(socket: WebSocket): void {
    this.#watchers.closed(socket);
  }

  /** The one alarm: reconciles, keeps house, and arms itself for the next thing there is to do, if any. */
  override async alarm(): Promise<void> {
    this.#armed = null;
    this.#lastAlarm = Date.now();
    if (!this.#store.exists) return;
    const manager = this.#controllers();
    await manager.run(RECONCILE_BUDGET);
    const again = await this.#keepHouse();
    const { nextCompaction, nextEventExpiry, nextHeartbeatFlush } = this.#store;
    const times = [manager.next(), again, nextCompaction, nextEventExpiry, nextHeartbeatFlush].filter((time) => time !== undefined);
    if (times.length > 0) this.#armBy(Math.min(...times));
  }

  /** Compaction, expiry and flushing, a small step each; returns when it wants to go on, if it does. */
  async #keepHouse(): Promise<number | undefined> {
    const now = Date.now();
    let unfinished = false;
    if ((this.#store.nextHeartbeatFlush ?? Number.POSITIVE_INFINITY) <= now) this.#store.flushHeartbeats();
    if ((this.#store.nextEventExpiry ?? Number.POSITIVE_INFINITY) <= now) unfinished = !(await this.#store.expireEvents(EXPIRY_BATCH)).done;
    if ((this.#store.nextCompaction ?? Number.POSITIVE_INFINITY) <= now) {
      // Quiet watches must be able to resume from what compaction leaves.
      this.#watchers.progress();
      if (!this.#store.compact(COMPACTION_ROWS).done) unfinished = true;
    }
    return unfinished ? now : undefined;
  }

  #controllers(): Manager {
    this.#manager ??= new Manager(CONTROLLERS, sqlJournal(this.ctx.storage.sql, this.#store), {
      client: controllerClient(this.#server, "kube-controller-manager"),
      now: () => Date.now(),
      cluster: { caCertificate: readSettings(this.ctx.storage.sql).caCertificate },
    });
    return this.#manager;
  }

  #authenticate(credential: Credential): UserInfo | undefined {
    if (!this.#store.exists) return undefined;
    const user = this.#credentials.authenticate(credential);
    const as = credential.impersonate;
    if (!user || !as) return user;
    return user.groups.includes(MASTERS) ? impersonated(as) : undefined;
  }

  /** In the turn of a commit: definitions take effect, watchers are told, the alarm is armed where something is to be done. */
  #committed(changes: readonly Change[]): void {
    if (changes.some((change) => change.key.resource === DEFINITIONS)) {
      this.#server.resources.refresh();
      this.#watchers.closeUnserved();
    }
    this.#watchers.dispatch(changes);
    const now = Date.now();
    const due = this.#controllers().concerns(changes)
      ? Math.max(now, this.#lastAlarm + RECONCILE_INTERVAL)
      : Math.min(this.#store.nextCompaction ?? now, this.#store.nextHeartbeatFlush ?? Number.POSITIVE_INFINITY);
    if (this.#armed === undefined) this.ctx.waitUntil(this.#learnAlarm(due));
    else this.#armBy(due);
  }

  async #learnAlarm(due: number): Promise<void> {
    const armed = await this.ctx.storage.getAlarm();
    if (armed === null || due < armed) this.#arm(due);
    else this.#armed = armed;
  }

  /** Arms the alarm unless it is armed for an earlier time, as a commit during an alarm may have done. */
  #armBy(at: number): void {
    if (typeof this.#armed !== "number" || at < this.#armed) this.#arm(at);
  }

  #arm(at: number): void {
    this.#armed = at;
    this.ctx.waitUntil(this.ctx.storage.setAlarm(at));
  }
}
