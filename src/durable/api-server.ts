/**
 * The API server of one cluster: a request for a resource → its outcome. The Cluster object and its controllers
 * come through the same door, so admission and validation hold for both. Knows kinds only through the `Kind` interface;
 * what is special about a subresource is in subresources/, one line each here.
 */
import { binding as bindingKind } from "../kube/core/binding.ts";
import type { Kind } from "../kube/kind.ts";
import { entryOf } from "../kube/machinery/json-value.ts";
import { forbidden, internalError, methodNotSupported, noSuchResource, notFound, requestEntityTooLarge, StatusError } from "../kube/machinery/status.ts";
import type { KubeObject } from "../kube/object.ts";
import { eviction as evictionKind } from "../kube/policy/eviction.ts";
import type { CustomResourceDefinition } from "../kube/schema/generated/types/apiextensions.v1.ts";
import type { Binding } from "../kube/schema/generated/types/core.v1.ts";
import type { Eviction } from "../kube/schema/generated/types/policy.v1.ts";
import { ADMISSION_CHAIN } from "./admission/chain.ts";
import { Authorizer } from "./authorization/authorizer.ts";
import { settleDefinitions } from "./definitions.ts";
import { dryRunTransaction } from "./dry-run.ts";
import type { UserInfo } from "./identity.ts";
import { LiveKeys } from "./live-keys.ts";
import type { ResourceRequest, ResourceResponse } from "./protocol.ts";
import { DEFINITIONS, Resources } from "./resources.ts";
import { answerReview, isReview } from "./reviews.ts";
import { FactsCache } from "./selection.ts";
import { ObjectTooLargeError } from "./store/errors.ts";
import type { Store } from "./store/store.ts";
import type { StoredObject, Transaction } from "./store/types.ts";
import { APPROVAL } from "./subresources/certificate-signing-requests.ts";
import { connect, connectedName } from "./subresources/connections.ts";
import { FINALIZE } from "./subresources/namespaces.ts";
import { bindPod, EPHEMERAL_CONTAINERS, evictPod, RESIZE } from "./subresources/pods.ts";
import { applyScale, readScale, scaleKind, scaleOf, updateScale } from "./subresources/scale.ts";
import { type Environment, keyOf, type Outcome, target, type WriteCall } from "./verbs/call.ts";
import { served } from "./verbs/convert.ts";
import { createObject } from "./verbs/create.ts";
import { decodeBody, decodeDeleteOptions } from "./verbs/decode-body.ts";
import { deleteCollection, deleteObject } from "./verbs/delete.ts";
import { checkTimeout, type DeleteOptions, deleteOptions, listOptions, type OptionsKind, type WriteOptions, writeOptions } from "./verbs/options.ts";
import { APPLY_PATCH, parseApplied, patchDocument, patchObject } from "./verbs/patch.ts";
import { getText, listBody, type Reader, select } from "./verbs/read.ts";
import { putObject, type UpdateRules, updateObject } from "./verbs/update.ts";

/** How a subresource with the parent's own kind restricts a write. `status` has its rules in verbs/update.ts. */
const SUBRESOURCE_RULES: ReadonlyMap<string, UpdateRules> = new Map([
  ["pods/ephemeralcontainers", EPHEMERAL_CONTAINERS],
  ["pods/resize", RESIZE],
  ["namespaces/finalize", FINALIZE],
  ["certificatesigningrequests/approval", APPROVAL],
]);

/** What authorization asks of a request or a watch. */
export type AccessRequest = Pick<ResourceRequest, "group" | "resource" | "subresource" | "namespace" | "name" | "query"> & { verb: string };

export interface ApiServerOptions {
  store: Store;
  now: () => Date;
  random: () => number;
}

/** 405 for a verb that the path does not have. */
function methodNotAllowed(): StatusError {
  return new StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});
}

/** @throws StatusError 403 when the definition of a custom resource is being deleted. */
function refuseTerminating({ kind, transaction }: WriteCall, { metadata }: KubeObject): void {
  const definition = transaction.get({ resource: DEFINITIONS, namespace: "", name: `${kind.plural}.${kind.group}` });
  if (definition?.object.metadata.deletionTimestamp)
    throw forbidden(target(kind), metadata.name ?? "", "create not allowed while custom resource definition is terminating");
}

function asStatus(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  if (error instanceof ObjectTooLargeError) return requestEntityTooLarge(error.limit);
  console.error(error);
  return internalError(error instanceof Error ? error.message : String(error));
}

export class ApiServer {
  readonly resources: Resources;
  readonly #environment: Environment;
  readonly #reader: Reader;
  readonly #store: Store;

  constructor({ store, now, random }: ApiServerOptions) {
    this.#store = store;
    this.resources = new Resources(() => this.#definitions());
    const authorizer = new Authorizer({
      get: (resource, namespace, name) => this.#parsed(store.get({ resource, namespace, name })?.text),
      list: (resource, namespace) => this.#policies(resource, namespace),
    });
    this.#environment = { resources: this.resources, admission: ADMISSION_CHAIN, authorizer, now, random };
    this.#reader = { store, facts: new FactsCache(), liveKeys: new LiveKeys(store) };
  }

  #parsed(text: string | undefined): KubeObject | undefined {
    return text === undefined ? undefined : (JSON.parse(text) as KubeObject);
  }

  *#policies(resource: string, namespace: string): Iterable<KubeObject> {
    const { items } = this.#store.list({ resource, namespace });
    for (const text of this.#store.texts(items.map((item) => item.revision))) yield JSON.parse(text) as KubeObject;
  }

  *#definitions(): Iterable<CustomResourceDefinition> {
    const { items } = this.#store.list({ resource: DEFINITIONS });
    for (const text of this.#store.texts(items.map((item) => item.revision))) yield JSON.parse(text) as CustomResourceDefinition;
  }

  /** Answers any request; failures are answers too, a fault of ours a 500. */
  async handle(request: ResourceRequest, user: UserInfo): Promise<ResourceResponse> {
    const warnings: string[] = [];
    try {
      const outcome = await this.#dispatch(request, user, warnings);
      const body = typeof outcome.body === "string" || outcome.body instanceof ReadableStream ? outcome.body : JSON.stringify(outcome.body);
      return { status: outcome.status, body, ...(warnings.length > 0 ? { warnings } : {}), ...this.#columns(request) };
    } catch (error) {
      const failure = asStatus(error);
      const retryAfterSeconds = failure.code === 429 || failure.code === 504 ? failure.details?.retryAfterSeconds : undefined;
      return { status: failure.code, body: JSON.stringify(failure.toStatus()), ...(warnings.length > 0 ? { warnings } : {}), retryAfterSeconds };
    }
  }

  /** @throws StatusError 403 when the user may not do this. */
  checkAccess(user: UserInfo, { verb, group, resource, subresource, namespace, name, query }: AccessRequest): void {
    const only =
      verb === "list" || verb === "watch" || verb === "deletecollection" ? /(?:^|,)metadata\.name==?([^,]+)/.exec(query.fieldSelector ?? "")?.[1] : undefined;
    // A namespace itself counts as being inside it.
    const within = group === "" && resource === "namespaces" ? name : namespace;
    this.#environment.authorizer.check(user, { verb, group, resource, subresource, namespace: within, name: name || (only ?? "") });
  }

  /** Why `user` may not do `verb` to a path that is no resource; undefined = it may. */
  refusePath(user: UserInfo, path: string, verb: string): string | undefined {
    const { allowed } = this.#environment.authorizer.decide(user, { verb, group: "", resource: "", subresource: "", namespace: "", name: "", path });
    return allowed ? undefined : `forbidden: User ${JSON.stringify(user.username)} cannot ${verb} path ${JSON.stringify(path)}`;
  }

  #columns(request: ResourceRequest): Pick<ResourceResponse, "customColumns"> {
    if (request.subresource === "scale") return {};
    const kind = this.resources.find(request.group, request.version, request.resource);
    return kind?.custom && kind.customColumns ? { customColumns: [...kind.customColumns] } : {};
  }

  async #dispatch(request: ResourceRequest, user: UserInfo, warnings: string[]): Promise<Outcome | { status: number; body: ReadableStream<Uint8Array> }> {
    this.checkAccess(user, request);
    const kind = this.resources.find(request.group, request.version, request.resource);
    if (!kind) throw noSuchResource();
    if (kind.deprecation) warnings.push(kind.deprecation);
    checkTimeout(request.query.timeout);
    if (kind.scope === "Cluster" && request.namespace && kind.plural !== "namespaces") throw noSuchResource();
    this.#checkVerb(kind, request);
    if (request.verb === "get" || request.verb === "list") return this.#read(kind, request);

    const base = {
      environment: this.#environment,
      kind,
      subresource: request.subresource,
      namespace: kind.scope === "Namespaced" ? request.namespace : "",
      name: request.name,
      user,
      warnings,
      now: this.#environment.now(),
    };
    if (request.verb === "delete" || request.verb === "deletecollection") {
      const options = deleteOptions(request.query, decodeDeleteOptions(request.body));
      return this.#commit(options.dryRun, (transaction) => this.#delete({ ...base, transaction, dryRun: options.dryRun, fieldManager: "" }, request, options));
    }
    const optionsKind: OptionsKind = request.verb === "create" ? "CreateOptions" : request.verb === "update" ? "UpdateOptions" : "PatchOptions";
    const options = writeOptions(request.query, request.userAgent, optionsKind, request.contentType === APPLY_PATCH);
    return this.#commit(options.dryRun, (transaction) => {
      const outcome = this.#write({ ...base, transaction, dryRun: options.dryRun, fieldManager: options.fieldManager }, request, options);
      if (kind.storageResource === DEFINITIONS) settleDefinitions(transaction, base.now);
      return outcome;
    });
  }

  async #commit<T>(dryRun: boolean, operation: (transaction: Transaction) => T): Promise<T> {
    return this.#store.write((transaction) => operation(dryRun ? dryRunTransaction(transaction) : transaction));
  }

  #checkVerb(kind: Kind, { verb, subresource, name, namespace }: ResourceRequest): void {
    if (subresource === "") {
      if (!kind.verbs.includes(verb)) throw methodNotAllowed();
      // A namespaced kind's collection across all namespaces can be listed and watched, nothing else.
      if (kind.scope === "Namespaced" && namespace === "" && verb !== "list") throw methodNotAllowed();
      if (name === "" && (verb === "get" || verb === "update" || verb === "patch" || verb === "delete")) throw methodNotAllowed();
      if (name !== "" && verb === "create") throw methodNotAllowed();
      return;
    }
    const { status, scale, others } = kind.subresources ?? {};
    if (subresource === "status" ? status : subresource === "scale" ? scale : false) {
      if (verb !== "get" && verb !== "update" && verb !== "patch") throw kind.custom ? methodNotSupported(target(kind), verb) : methodNotAllowed();
      return;
    }
    const other = entryOf(others, subresource);
    if (!other) throw kind.custom ? notFound(target(kind), name) : noSuchResource();
    if (!other.verbs.some((each) => each === verb)) throw methodNotAllowed();
  }

  #read(kind: Kind, request: ResourceRequest): Outcome | { status: number; body: ReadableStream<Uint8Array> } {
    const { namespace, name, query, subresource } = request;
    if (request.verb === "list") {
      const body = listBody(this.#reader, kind, select(this.#reader, kind, namespace, listOptions(query)));
      return { status: 200, body } as Outcome;
    }
    const text = getText(this.#reader, kind, namespace, connectedName(subresource, name), query);
    if (subresource === "scale") return { status: 200, body: readScale({ kind }, JSON.parse(text) as KubeObject) };
    const other = entryOf(kind.subresources?.others, subresource);
    if (other && subresource !== "ephemeralcontainers" && subresource !== "resize" && subresource !== "approval")
      return connect(kind.plural, name, subresource, JSON.parse(text) as KubeObject, query);
    return { status: 200, body: text };
  }

  #delete(call: WriteCall, request: ResourceRequest, options: DeleteOptions): Outcome {
    if (request.verb === "delete") return deleteObject(call, options);
    const selected = select(this.#reader, call.kind, call.namespace, listOptions(request.query));
    // What is answered is what was there before.
    const body = listBody(this.#reader, call.kind, selected);
    const stored: StoredObject[] = [];
    for (const text of this.#store.texts(selected.revisions)) {
      const { name = "", namespace = "" } = (JSON.parse(text) as KubeObject).metadata;
      const found = call.transaction.get(keyOf(call.kind, namespace, name));
      if (found) stored.push(found);
    }
    deleteCollection(call, stored, options);
    return { status: 200, body };
  }

  #write(call: WriteCall, request: ResourceRequest, options: WriteOptions): Outcome {
    const { kind } = call;
    const { verb, subresource, body, bodyStrictErrors } = request;
    const decoded = (as: Kind) => decodeBody(body, as, options.fieldValidation, call.warnings, bodyStrictErrors);
    if (isReview(kind.plural) && kind.verbs.length === 1) return answerReview(call, decoded(kind));
    if (verb === "create") {
      if (subresource === "binding" || kind.plural === "bindings") return bindPod(this.#asPods(call), decoded(bindingKind) as Binding);
      if (subresource === "eviction") return evictPod(call, decoded(evictionKind) as Eviction);
      if (subresource !== "") return this.#connect(call, request);
      const object = decoded(kind);
      if (kind.custom) refuseTerminating(call, object);
      return createObject(call, object);
    }
    if (subresource === "scale") return this.#writeScale(call, request, options);
    const rules = SUBRESOURCE_RULES.get(`${kind.plural}/${subresource}`);
    if (!rules && subresource !== "" && subresource !== "status") return this.#connect(call, request);
    if (verb === "patch")
      return patchObject(call, {
        contentType: request.contentType,
        body: body ?? "",
        fieldValidation: options.fieldValidation,
        force: options.force,
        bodyStrictErrors,
        rules,
      });
    const object = decoded(kind);
    if (rules) return updateObject(call, { object, stored: this.#stored(call), isPatch: false, rules });
    return putObject(call, object);
  }

  #writeScale(call: WriteCall, request: ResourceRequest, options: WriteOptions): Outcome {
    const stored = this.#stored(call);
    if (request.verb === "update")
      return updateScale(call, stored, decodeBody(request.body, scaleKind, options.fieldValidation, call.warnings, request.bodyStrictErrors), false);
    const patch = { contentType: request.contentType, body: request.body ?? "", fieldValidation: options.fieldValidation, force: options.force };
    if (request.contentType === APPLY_PATCH) return applyScale(call, stored, parseApplied(patch, []), options.force);
    const current = scaleOf(call, served(call.kind, stored.object));
    const scaleCall = { ...call, kind: call.kind.custom ? { ...scaleKind, patchSchema: undefined } : scaleKind };

    return updateScale(call, stored, patchDocument(scaleCall, patch, current), true);
  }

  #stored(call: WriteCall): StoredObject {
    const stored = call.transaction.get(keyOf(call.kind, call.namespace, call.name));
    if (!stored) throw notFound(target(call.kind), call.name);
    return stored;
  }

  #connect(call: WriteCall, { name, subresource, query }: ResourceRequest): Outcome {
    return connect(call.kind.plural, name, subresource, this.#stored({ ...call, name: connectedName(subresource, name) }).object, query);
  }

  /** The legacy bindings collection binds pods. */
  #asPods(call: WriteCall): WriteCall {
    const pods = this.resources.find("", "v1", "pods");
    return pods ? { ...call, kind: pods } : call;
  }
}
