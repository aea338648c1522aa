/** A watch request: from its query to a stream, or a refusal. */
import type { WatchRequest } from "../durable/protocol.ts";
import type { Kind } from "../kube/kind.ts";
import { badRequest } from "../kube/machinery/status.ts";
import type { Exchange } from "./cluster-api.ts";
import { credentialOf } from "./credential.ts";
import { clusterStub } from "./env.ts";
import { JSON_TYPE, type Negotiated } from "./negotiate.ts";
import { render } from "./render.ts";
import type { RequestInfo } from "./request-info.ts";
import { addWarnings, headersFor } from "./respond.ts";
import { builtInTable, customTable, includeObjectOf, type TableShape } from "./table.ts";
import { connectWatch, eventTransform, httpWatch, type WatchAnswer, type WatchOptions, webSocketWatch } from "./watch.ts";

/** @throws StatusError before the stream begins; afterwards a failure is an ERROR event. */
export async function serveWatch(exchange: Exchange, info: RequestInfo, kind: Kind | undefined, negotiated: Negotiated): Promise<Response> {
  const { request, reply, query, env, target, accept } = exchange;
  checkSeconds(query.timeoutSeconds);
  const include = includeObjectOf(negotiated.view?.kind === "Table" ? query.includeObject : undefined);
  const { group, version, resource, namespace, name } = info;
  const credential = await credentialOf(request.headers);
  const watchRequest: WatchRequest = { group, version, resource, namespace, name, query, credential };
  const connect = (wanted: WatchRequest): Promise<WatchAnswer> => {
    // A stub that has failed once stays broken, so each connection takes a new one.
    const stub = clusterStub(env, target.tenant, target.cluster);
    return connectWatch((url, init) => stub.fetch(url, init), wanted);
  };
  const answer = await connect(watchRequest);
  const socket = answer.webSocket;
  if (!socket) return render({ status: answer.status, body: await answer.text() }, { reply, negotiated, accept, kind, query });
  const view = negotiated.view;
  const shape = view?.kind === "Table" ? await tableShape(exchange, watchRequest, kind) : undefined;
  const options: WatchOptions = {
    request: watchRequest,
    connect,
    identity: identityOf(exchange, watchRequest, kind),
    transform: view && eventTransform(view, shape, include, () => new Date()),
  };
  if (request.headers.get("upgrade")?.toLowerCase() === "websocket") return webSocketWatch(options, socket);
  const stream = httpWatch(options, socket, request.signal, headersFor(reply, JSON_TYPE));
  if (kind?.deprecation) addWarnings(stream.headers, [kind.deprecation]);
  return stream;
}

/** @throws StatusError 400 for what is no integer. */
function checkSeconds(seconds: string | undefined): void {
  if (seconds !== undefined && !/^[-+]?\d+$/.test(seconds)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(seconds)}: invalid syntax`);
}

/** A custom resource's columns come with a list; one that may not be listed shows its name and age. */
async function tableShape({ stub, userAgent }: Exchange, watch: WatchRequest, kind: Kind | undefined): Promise<TableShape> {
  if (kind) return builtInTable(kind);
  const { group, version, resource, namespace, credential } = watch;
  const query = { limit: "1" };
  const list = await stub.handle({
    verb: "list",
    group,
    version,
    resource,
    subresource: "",
    namespace,
    name: "",
    query,
    body: undefined,
    contentType: "",
    userAgent,
    credential,
  });
  if (typeof list.body !== "string") await list.body.cancel();
  return customTable(list.customColumns);
}

/** The watched kind by name: known for built-in kinds, asked once for custom resources. */
function identityOf({ stub }: Exchange, watch: WatchRequest, kind: Kind | undefined): WatchOptions["identity"] {
  if (kind) {
    const known = Promise.resolve({ kind: kind.kind, apiVersion: kind.apiVersion });
    return () => known;
  }
  let found: ReturnType<WatchOptions["identity"]> | undefined;
  return () => {
    found ??= stub.catalog(watch.credential).then(
      (catalog) => {
        const served = catalog?.resources.find(({ group, version, plural }) => group === watch.group && version === watch.version && plural === watch.resource);
        return served && { kind: served.kind, apiVersion: `${served.group}/${served.version}` };
      },
      () => {
        found = undefined;
        return undefined;
      },
    );
    return found;
  };
}
