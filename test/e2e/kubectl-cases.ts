/** What people do with kubectl, as steps with the answers that Kubernetes v1.36 gives. `NS` stands for the case's own namespace. */

export interface Step {
  /** Arguments as typed in a shell; single quotes group. */
  run: string;
  /** What comes on standard input (-f -). */
  input?: string;
  /** Exit status; 0 when not given. */
  code?: number;
  out?: string | RegExp;
  err?: string | RegExp;
  /** Tried again for this many seconds until it holds. */
  within?: number;
  /** What Perigee lacks for this step. It is expected to fail until then: when it holds, the test says so. */
  lacks?: string;
}

export interface Case {
  name: string;
  steps: Step[];
}

const configMap = (name: string, data: Record<string, string>) => JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data });

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      schedulerName: nobody
      containers: [{name: nginx, image: "nginx:1.27", ports: [{containerPort: 80}]}]
`;

const pod = `
apiVersion: v1
kind: Pod
metadata: {name: lonely, labels: {app: lonely}}
spec: {schedulerName: nobody, containers: [{name: main, image: "busybox:1.36", resources: {requests: {cpu: 100m, memory: 64Mi}}}]}
`;

const widgets = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.NS.example.com}
spec:
  group: NS.example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd-NS]}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}, scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}}
      additionalPrinterColumns:
        - {name: Size, type: integer, jsonPath: .spec.size}
        - {name: Colour, type: string, jsonPath: .spec.colour, priority: 1}
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [size]
              x-kubernetes-validations: [{rule: "self.size <= 10 || self.colour == 'gold'", message: "only gold ones are that big"}]
              properties:
                size: {type: integer, minimum: 1}
                colour: {type: string, default: grey, enum: [grey, gold]}
            status: {type: object, properties: {size: {type: integer}}}
`;

const widget = (name: string, spec: Record<string, unknown>) => JSON.stringify({ apiVersion: "NS.example.com/v1", kind: "Widget", metadata: { name }, spec });

export const cases: Case[] = [
  {
    name: "versions and discovery",
    steps: [
      { run: "version -o json", out: /"serverVersion": \{[^}]*"minor": "36"/ },
      { run: "api-versions", out: /^apps\/v1$[\s\S]*^v1$/m },
      { run: "api-resources", out: /^pods\s+po\s+v1\s+true\s+Pod$/m },
      {
        run: "api-resources --api-group=apps -o name",
        out: "controllerrevisions.apps\ndaemonsets.apps\ndeployments.apps\nreplicasets.apps\nstatefulsets.apps\n",
      },
      { run: "api-resources --namespaced=false --verbs=list -o name", out: /^clusterroles\.rbac\.authorization\.k8s\.io$/m },
      { run: "get --raw /readyz", out: "ok" },
      { run: "get --raw /apis/apps/v1", out: /^\{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"apps\/v1","resources":\[/ },
      { run: "get --raw /nothing", code: 1, err: "Error from server (NotFound): the server could not find the requested resource\n" },
      { run: "cluster-info", out: /Kubernetes control plane/ },
    ],
  },
  {
    name: "explain",
    steps: [
      { run: "explain deployment", out: /^GROUP: {6}apps\nKIND: {7}Deployment\nVERSION: {4}v1\n/ },
      { run: "explain pod.spec.containers.image", out: /^KIND: {7}Pod\nVERSION: {4}v1\n\nFIELD: image <string>/ },
      { run: "explain configmap --recursive", out: /^ {2}binaryData\t<map\[string\]string>$/m },
      { run: "explain pod.nonsense", code: 1, err: /field "nonsense" does not exist/ },
    ],
  },
  {
    name: "create, get and delete a config map",
    steps: [
      { run: "create configmap settings -n NS --from-literal=a=1 --from-literal=b=2", out: "configmap/settings created\n" },
      { run: "create configmap settings -n NS", code: 1, err: 'error: failed to create configmap: configmaps "settings" already exists\n' },
      { run: "get configmap settings -n NS", out: /^NAME {7}DATA {3}AGE\nsettings {3}2 {6}\d+s\n$/ },
      { run: "get cm -n NS settings -o jsonpath='{.data.a}{.data.b}'", out: "12" },
      { run: "get cm -n NS settings -o yaml", out: /^apiVersion: v1\ndata:\n {2}a: "1"\n {2}b: "2"\nkind: ConfigMap\nmetadata:\n {2}creationTimestamp: "20/ },
      { run: "get cm -n NS settings -o json", out: /"kind": "ConfigMap"/ },
      { run: "get cm -n NS settings -o name", out: "configmap/settings\n" },
      { run: "get cm -n NS settings -o custom-columns=N:.metadata.name,A:.data.a", out: "N          A\nsettings   1\n" },
      { run: "get cm -n NS settings -o go-template='{{.metadata.namespace}}'", out: "NS" },
      {
        run: "describe configmap settings -n NS",
        out: /^Name: {9}settings\nNamespace: {4}NS\nLabels: {7}<none>\nAnnotations: {2}<none>\n\nData\n====\n[ab]:\n----\n[12]\n/,
      },
      { run: "delete configmap settings -n NS", out: /^configmap "settings" deleted/ },
      { run: "get cm settings -n NS", code: 1, err: 'Error from server (NotFound): configmaps "settings" not found\n' },
      { run: "delete cm settings -n NS --ignore-not-found", out: "" },
    ],
  },
  {
    name: "the generators of kubectl create",
    steps: [
      { run: "create secret generic s -n NS --from-literal=k=v", out: "secret/s created\n" },
      { run: "get secret s -n NS", out: /^NAME {3}TYPE {5}DATA {3}AGE\ns {6}Opaque {3}1 {6}\d+s\n$/ },
      { run: "create serviceaccount robot -n NS", out: "serviceaccount/robot created\n" },
      { run: "create service clusterip svc -n NS --tcp=80:8080", out: "service/svc created\n" },
      {
        run: "get svc svc -n NS",
        out: /^NAME {3}TYPE {8}CLUSTER-IP\s+EXTERNAL-IP {3}PORT\(S\) {3}AGE\nsvc {4}ClusterIP {3}[\d.]+\s+<none>\s+80\/TCP\s+\d+s\n$/,
      },
      { run: "create service nodeport np -n NS --tcp=80", out: "service/np created\n" },
      { run: "get svc np -n NS -o jsonpath='{.spec.ports[0].nodePort}'", out: /^3[0-2]\d{3}$/ },
      { run: "create role reader -n NS --verb=get,list --resource=pods", out: "role.rbac.authorization.k8s.io/reader created\n" },
      { run: "create rolebinding read -n NS --role=reader --serviceaccount=NS:robot", out: "rolebinding.rbac.authorization.k8s.io/read created\n" },
      {
        run: "get rolebinding read -n NS -o wide",
        out: /^NAME {3}ROLE {10}AGE {3}USERS {3}GROUPS {3}SERVICEACCOUNTS\nread {3}Role\/reader\s+\d+s\s+NS\/robot\n$/,
      },
      { run: "create quota q -n NS --hard=configmaps=20,pods=10", out: "resourcequota/q created\n" },
      { run: "create job once -n NS --image=busybox -- true", out: "job.batch/once created\n" },
      { run: "get job once -n NS -o jsonpath='{.spec.backoffLimit}/{.spec.completions}/{.spec.template.spec.restartPolicy}'", out: "6/1/Never" },
      { run: "create cronjob often -n NS --image=busybox --schedule='0 0 1 1 *' -- true", out: "cronjob.batch/often created\n" },
      {
        run: "get cronjob often -n NS",
        out: /^NAME {4}SCHEDULE\s+TIMEZONE\s+SUSPEND\s+ACTIVE\s+LAST SCHEDULE\s+AGE\noften\s+0 0 1 1 \*\s+<none>\s+False\s+0\s+<none>\s+\d+s\n$/,
      },
      { run: "create ingress i -n NS --rule='example.com/=svc:80'", out: "ingress.networking.k8s.io/i created\n" },
      { run: "get ingress i -n NS", out: /^NAME {3}CLASS {4}HOSTS {9}ADDRESS {3}PORTS {3}AGE\ni {6}<none> {3}example\.com {13}80 {6}\d+s\n$/ },
      { run: "create poddisruptionbudget pdb -n NS --selector=app=web --min-available=1", out: "poddisruptionbudget.policy/pdb created\n" },
      { run: "create deployment gen -n NS --image=nginx --replicas=0 --port=80", out: "deployment.apps/gen created\n" },
      { run: "create clusterrole NS-cr --verb=get --resource=nodes", out: "clusterrole.rbac.authorization.k8s.io/NS-cr created\n" },
      { run: "create clusterrolebinding NS-crb --clusterrole=NS-cr --user=nobody", out: "clusterrolebinding.rbac.authorization.k8s.io/NS-crb created\n" },
      { run: "create priorityclass NS-pc --value=7", out: "priorityclass.scheduling.k8s.io/NS-pc created\n" },
      { run: "create token robot -n NS", lacks: "ServiceAccount tokens", out: /^ey[\w-]+\.[\w-]+\.[\w-]+$/ },
      { run: "get role,rolebinding,sa -n NS -o name", out: /^role\.rbac\.authorization\.k8s\.io\/reader\nrolebinding\.rbac\.authorization\.k8s\.io\/read\n/ },
      { run: "delete priorityclass/NS-pc clusterrolebinding/NS-crb clusterrole/NS-cr", out: /clusterrole\.rbac\.authorization\.k8s\.io "NS-cr" deleted/ },
    ],
  },
  {
    name: "a deployment's life",
    steps: [
      { run: "create -n NS -f -", input: deployment, out: "deployment.apps/web created\n" },
      { run: "get deploy web -n NS", out: /^NAME {3}READY {3}UP-TO-DATE {3}AVAILABLE {3}AGE\nweb {4}\d\/2 {5}\d {12}0 {11}\d+s\n$/ },
      { run: "get deploy web -n NS -o wide", out: /CONTAINERS {3}IMAGES {7}SELECTOR\nweb .*nginx {8}nginx:1\.27 {3}app=web\n$/ },
      { run: "scale deploy web -n NS --replicas=3", out: "deployment.apps/web scaled\n" },
      { run: "get deploy web -n NS -o jsonpath='{.spec.replicas}/{.metadata.generation}'", out: "3/2" },
      { run: "set image deploy/web nginx=nginx:1.28 -n NS", out: "deployment.apps/web image updated\n" },
      { run: "set env deploy/web -n NS COLOUR=red", out: "deployment.apps/web env updated\n" },
      { run: "annotate deploy web -n NS note=hello", out: "deployment.apps/web annotated\n" },
      { run: "label deploy web -n NS tier=front", out: "deployment.apps/web labeled\n" },
      { run: "label deploy web -n NS tier=back", code: 1, err: /'tier' already has a value \(front\), and --overwrite is false/ },
      { run: "label deploy web -n NS tier-", out: "deployment.apps/web unlabeled\n" },
      { run: 'patch deploy web -n NS -p \'{"spec":{"paused":true}}\'', out: "deployment.apps/web patched\n" },
      { run: 'patch deploy web -n NS --type=json -p \'[{"op":"remove","path":"/spec/paused"}]\'', out: "deployment.apps/web patched\n" },
      { run: 'patch deploy web -n NS --type=merge -p \'{"spec":{"minReadySeconds":5}}\'', out: "deployment.apps/web patched\n" },
      {
        run: 'patch deploy web -n NS --type=json -p \'[{"op":"test","path":"/spec/minReadySeconds","value":6}]\'',
        code: 1,
        err: "The request is invalid: the server rejected our request due to an error in our request\n",
      },
      { run: "rollout restart deploy/web -n NS", out: "deployment.apps/web restarted\n" },
      { run: "describe deploy web -n NS", out: /^Name: {19}web\nNamespace: {14}NS\n[\s\S]*StrategyType: {11}RollingUpdate\nMinReadySeconds: {8}5\n/ },
      {
        run: 'patch deploy web -n NS -p \'{"spec":{"replicas":-1}}\'',
        code: 1,
        err: 'The Deployment "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0\n',
      },
      {
        run: 'patch deploy web -n NS -p \'{"spec":{"selector":{"matchLabels":{"app":"other"}}}}\'',
        code: 1,
        err: /spec\.selector: Invalid value: .*field is immutable/,
      },
      { run: "edit deploy web -n NS", err: "Edit cancelled, no changes made.\n" },
      { run: "delete deploy web -n NS --wait=false", out: /^deployment\.apps "web" deleted/ },
    ],
  },
  {
    name: "client-side apply",
    steps: [
      { run: "apply -n NS -f -", input: configMap("ap", { a: "1", b: "2" }), out: "configmap/ap created\n" },
      { run: "apply -n NS -f -", input: configMap("ap", { a: "1", b: "2" }), out: "configmap/ap unchanged\n" },
      { run: "diff -n NS -f -", input: configMap("ap", { a: "9" }), code: 1, out: /^- {2}a: "1"\n- {2}b: "2"\n\+ {2}a: "9"$/m },
      { run: "apply -n NS -f -", input: configMap("ap", { a: "9" }), out: "configmap/ap configured\n" },
      { run: "get cm ap -n NS -o jsonpath='{.data}'", out: '{"a":"9"}' },
      { run: "apply view-last-applied cm ap -n NS -o json", out: /"a": "9"/ },
      { run: "apply -n NS --dry-run=server -f -", input: configMap("ap", { a: "10" }), out: "configmap/ap configured (server dry run)\n" },
      { run: "get cm ap -n NS -o jsonpath='{.data}'", out: '{"a":"9"}' },
      { run: "apply -n NS -f -", input: deployment, out: "deployment.apps/web created\n" },
      { run: "apply -n NS -f -", input: deployment.replace("replicas: 2", "replicas: 4"), out: "deployment.apps/web configured\n" },
      { run: "apply -n NS --prune -l app=web --prune-allowlist=apps/v1/Deployment -f -", input: deployment, out: /^deployment\.apps\/web configured\n/ },
      { run: "delete -n NS -f - --wait=false", input: deployment, out: /deployment\.apps "web" deleted/ },
    ],
  },
  {
    name: "server-side apply",
    steps: [
      { run: "apply --server-side -n NS -f -", input: configMap("ssa", { a: "1" }), out: "configmap/ssa serverside-applied\n" },
      {
        run: "get cm ssa -n NS --show-managed-fields -o jsonpath='{.metadata.managedFields[0].manager}/{.metadata.managedFields[0].operation}'",
        out: "kubectl/Apply",
      },
      { run: "apply --server-side --field-manager=other -n NS -f -", input: configMap("ssa", { b: "2" }), out: "configmap/ssa serverside-applied\n" },
      {
        run: "apply --server-side --field-manager=other -n NS -f -",
        input: configMap("ssa", { a: "3", b: "2" }),
        code: 1,
        err: /Apply failed with 1 conflict: conflict with "kubectl": \.data\.a/,
      },
      {
        run: "apply --server-side --force-conflicts --field-manager=other -n NS -f -",
        input: configMap("ssa", { a: "3", b: "2" }),
        out: "configmap/ssa serverside-applied\n",
      },
      { run: "get cm ssa -n NS -o jsonpath='{.data}'", out: '{"a":"3","b":"2"}' },
      { run: "apply --server-side --field-manager=other -n NS -f -", input: configMap("ssa", { a: "3" }), out: "configmap/ssa serverside-applied\n" },
      { run: "get cm ssa -n NS -o jsonpath='{.data}'", out: '{"a":"3"}' },
      { run: "apply --server-side -n NS -f -", input: deployment, out: "deployment.apps/web serverside-applied\n" },
      { run: "diff --server-side -n NS -f -", input: deployment, code: 0, out: "" },
      { run: "delete deploy web -n NS --wait=false", out: /deleted/ },
    ],
  },
  {
    name: "a pod without a node",
    steps: [
      { run: "create -n NS -f -", input: pod, out: "pod/lonely created\n" },
      { run: "get pod lonely -n NS", out: /^NAME {5}READY {3}STATUS {4}RESTARTS {3}AGE\nlonely {3}0\/1 {5}Pending {3}0 {10}\d+s\n$/ },
      { run: "get pod lonely -n NS -o wide", out: /NODE {5}NOMINATED NODE {3}READINESS GATES\nlonely .* <none> {3}<none> {3}<none> {11}<none>\n$/ },
      {
        run: "describe pod lonely -n NS",
        out: /^Name: {13}lonely\nNamespace: {8}NS\nPriority: {9}0\nService Account: {2}default\n[\s\S]*^QoS Class: {19}Burstable$/m,
      },
      { run: "get pods -n NS --field-selector=status.phase=Pending -o name", out: "pod/lonely\n" },
      { run: "get pods -n NS --field-selector=status.phase=Running -o name", out: "" },
      { run: "get pods -n NS --field-selector=spec.colour=red", code: 1, err: /field label not supported: spec\.colour/ },
      { run: "get pods -n NS -l 'app in (lonely,other)' -o name", out: "pod/lonely\n" },
      { run: "get pods -n NS -l app!=lonely", err: "No resources found in NS namespace.\n" },
      { run: "get pods -n NS -l '!!'", code: 1, err: /unable to parse requirement/ },
      {
        run: "get pod lonely -n NS -o jsonpath='{.spec.terminationGracePeriodSeconds}{.spec.dnsPolicy}{.spec.tolerations[0].tolerationSeconds}'",
        out: "30ClusterFirst300",
      },
      { run: 'run quick -n NS --image=busybox --restart=Never --overrides=\'{"spec":{"schedulerName":"nobody"}}\'', out: "pod/quick created\n" },
      { run: "get pods -n NS --sort-by=.metadata.name -o name", out: "pod/lonely\npod/quick\n" },
      { run: "get pods -n NS --show-labels", out: /lonely.*app=lonely\n/ },
      { run: "get pods -n NS -L app", out: /AGE {3}APP\n/ },
      { run: "delete pods -n NS --all", out: /pod "lonely" deleted.*\npod "quick" deleted/ },
      { run: "wait --for=delete pod/lonely -n NS --timeout=10s", out: "" },
    ],
  },
  {
    name: "waiting and watching",
    steps: [
      { run: "create configmap w -n NS --from-literal=state=new", out: "configmap/w created\n" },
      { run: "get cm w -n NS -w --request-timeout=1s -o name", out: /configmap\/w\n/, err: /.*/, code: 0 },
      { run: "wait --for=jsonpath='{.data.state}'=new cm/w -n NS --timeout=5s", out: "configmap/w condition met\n" },
      { run: "wait --for=jsonpath='{.data.state}'=old cm/w -n NS --timeout=1s", code: 1, err: /timed out waiting for the condition on configmaps\/w/ },
      { run: "events -n NS", err: /.*/ },
    ],
  },
  {
    name: "dry run, strict validation and bad input",
    steps: [
      { run: "create -n NS --dry-run=server -o name -f -", input: configMap("dry", {}), out: "configmap/dry\n" },
      { run: "get cm dry -n NS", code: 1, err: /not found/ },
      {
        run: "create -n NS -f -",
        input: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"dta":{}}',
        code: 1,
        err: /strict decoding error: unknown field "dta"/,
      },
      {
        run: "create -n NS --validate=warn -f -",
        input: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"warned"},"dta":{}}',
        err: /^Warning: unknown field "dta"/,
      },
      {
        run: "create -n NS --validate=ignore -f -",
        input: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ignored"},"dta":{}}',
        out: "configmap/ignored created\n",
      },
      {
        run: "create -n NS -f -",
        input: configMap("Bad_Name", {}),
        code: 1,
        err: /The ConfigMap "Bad_Name" is invalid: metadata\.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain/,
      },
      {
        run: "create -n NS -f -",
        input: '{"apiVersion":"v1","kind":"Nonsense","metadata":{"name":"x"}}',
        code: 1,
        err: /no matches for kind "Nonsense" in version "v1"/,
      },
      { run: "create -n NS-none -f -", input: configMap("x", {}), code: 1, err: /namespaces "NS-none" not found/ },
      {
        run: "create -n NS -f - --validate=ignore",
        input: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":1}}',
        code: 1,
        err: /cannot unmarshal number into Go struct field ConfigMap\.data of type string/,
      },
      {
        run: "create -n NS -f -",
        input: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"made-"}}',
        out: /^configmap\/made-[a-z0-9]{5} created\n$/,
      },
      { run: "replace -n NS -f -", input: configMap("absent", {}), code: 1, err: /configmaps "absent" not found/ },
      { run: "replace -n NS -f -", input: configMap("warned", { a: "b" }), out: "configmap/warned replaced\n" },
      { run: "replace --force -n NS -f -", input: configMap("warned", { c: "d" }), out: /configmap\/warned replaced\n/ },
    ],
  },
  {
    name: "who may do what",
    steps: [
      { run: "auth can-i create pods -n NS", out: "yes\n" },
      { run: "auth can-i --list -n NS", out: /^\*\.\*\s+\[\]\s+\[\]\s+\[\*\]$/m },
      { run: "auth whoami", out: /Username/ },
      { run: "auth can-i get pods -n NS --as=nobody", code: 1, out: "no\n" },
      {
        run: "get pods -n NS --as=nobody",
        code: 1,
        err: 'Error from server (Forbidden): pods is forbidden: User "nobody" cannot list resource "pods" in API group "" in the namespace "NS"\n',
      },
      { run: "create rolebinding view -n NS --clusterrole=view --user=nobody", out: /created/ },
      { run: "get pods -n NS --as=nobody", err: "No resources found in NS namespace.\n", within: 5 },
      { run: "get secrets -n NS --as=nobody", code: 1, err: /secrets is forbidden/ },
      { run: "get pods -n NS --token=wrong", code: 1, err: /(You must be logged in to the server|Unauthorized)/ },
    ],
  },
  {
    name: "a list in chunks",
    steps: [
      ...Array.from({ length: 7 }, (_, at) => ({ run: `create cm c${at} -n NS`, out: /created/ })),
      {
        run: "get cm -n NS --chunk-size=2 -o name",
        out: /^configmap\/c0\nconfigmap\/c1\nconfigmap\/c2\nconfigmap\/c3\nconfigmap\/c4\nconfigmap\/c5\nconfigmap\/c6\n/,
      },
      { run: "get cm -n NS --chunk-size=3", out: /c6\s+0\s+\d+s\n/ },
      { run: "get --raw '/api/v1/namespaces/NS/configmaps?limit=3'", out: /"continue":"[^"]+","remainingItemCount":[45]\}/ },
      { run: "delete cm -n NS --all", out: /c6" deleted/ },
    ],
  },
  {
    name: "a custom resource with columns and rules",
    steps: [
      { run: "create -f -", input: widgets, out: "customresourcedefinition.apiextensions.k8s.io/widgets.NS.example.com created\n" },
      { run: "wait --for=condition=Established crd/widgets.NS.example.com --timeout=20s", out: /condition met\n$/ },
      { run: "create -n NS -f -", input: widget("small", { size: 3 }), out: "widget.NS.example.com/small created\n", within: 10 },
      { run: "get wd-NS -n NS", out: "NAME    SIZE\nsmall   3\n" },
      { run: "get widgets.NS.example.com -n NS -o wide", out: "NAME    SIZE   COLOUR\nsmall   3      grey\n" },
      {
        run: "create -n NS -f -",
        input: widget("big", { size: 30 }),
        code: 1,
        err: 'The Widget "big" is invalid: spec: Invalid value: only gold ones are that big\n',
      },
      { run: "create -n NS -f -", input: widget("big", { size: 30, colour: "gold" }), out: /created/ },
      { run: "create -n NS -f -", input: widget("none", {}), code: 1, err: /The Widget "none" is invalid: .*spec\.size: Required value/s },
      {
        run: "create -n NS -f -",
        input: widget("red", { size: 1, colour: "red" }),
        code: 1,
        err: /spec\.colour: Unsupported value: "red": supported values: "grey", "gold"/,
      },
      { run: "create -n NS -f -", input: widget("odd", { size: 1, shape: "round" }), code: 1, err: /unknown field "spec\.shape"/ },
      { run: "scale wd-NS/small --replicas=5 -n NS", out: "widget.NS.example.com/small scaled\n" },
      { run: 'patch wd-NS small -n NS --type=merge -p \'{"spec":{"size":6}}\'', out: "widget.NS.example.com/small patched\n" },
      { run: 'patch wd-NS small -n NS --subresource=status --type=merge -p \'{"status":{"size":6}}\'', out: "widget.NS.example.com/small patched\n" },
      { run: "get wd-NS small -n NS -o jsonpath='{.spec.size}/{.status.size}/{.metadata.generation}'", out: "6/6/3" },
      { run: "apply --server-side -n NS -f -", input: widget("applied", { size: 2 }), out: "widget.NS.example.com/applied serverside-applied\n" },
      { run: "explain wd-NS.spec.size", out: /FIELD: size <integer>/, within: 10 },
      { run: "delete crd widgets.NS.example.com", out: /deleted/ },
      { run: "get widgets.NS.example.com -n NS", code: 1, err: /the server doesn't have a resource type|could not find the requested resource/, within: 10 },
    ],
  },
  {
    name: "kustomize",
    steps: [
      {
        run: "apply -n NS -k test/e2e/manifests/kustomized",
        out: /^configmap\/site-settings-[a-z0-9]+ created\nservice\/site-front created\ndeployment\.apps\/site-front created\n$/,
      },
      {
        run: "get deploy,svc,cm -n NS -l part-of=site -o name",
        out: /^deployment\.apps\/site-front\nservice\/site-front\nconfigmap\/site-settings-[a-z0-9]+\n$/,
      },
      { run: "delete -n NS -k test/e2e/manifests/kustomized --wait=false", out: /deleted/ },
    ],
  },
  {
    name: "namespaces",
    steps: [
      { run: "get ns", out: /^default\s+Active\s+/m },
      { run: "get ns NS -o jsonpath='{.status.phase}{.metadata.labels}'", out: 'Active{"kubernetes.io/metadata.name":"NS"}' },
      { run: "describe ns NS", out: /^Name: {9}NS\nLabels: {7}kubernetes\.io\/metadata\.name=NS\n/ },
      { run: "create ns NS", code: 1, err: 'Error from server (AlreadyExists): namespaces "NS" already exists\n' },
      { run: "delete ns default", code: 1, err: /namespaces "default" is forbidden: this namespace may not be deleted/ },
      { run: "get all -n NS", err: "No resources found in NS namespace.\n" },
    ],
  },
];
