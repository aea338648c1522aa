// Package e2e runs what Go programs use against a Perigee cluster: typed client-go over protobuf, shared
// informers, server-side apply, and a controller-runtime manager with cached reads and leader election.
package e2e

import (
	"context"
	"fmt"
	"math/rand"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	corev1apply "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/retry"
)

const protobuf = "application/vnd.kubernetes.protobuf"

func config(t *testing.T) *rest.Config {
	t.Helper()
	c, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	c.QPS, c.Burst = 1000, 1000
	return c
}

// overProtobuf returns a client that sends protobuf and accepts either form, and a count of the bodies sent as protobuf.
func overProtobuf(t *testing.T) (kubernetes.Interface, *atomic.Int64) {
	t.Helper()
	c := config(t)
	c.ContentType = protobuf
	c.AcceptContentTypes = protobuf + ",application/json"
	count := &atomic.Int64{}
	c.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.HasPrefix(r.Header.Get("Content-Type"), protobuf) {
				count.Add(1)
			}
			return next.RoundTrip(r)
		})
	})
	return kubernetes.NewForConfigOrDie(c), count
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// namespace makes a namespace for one test, ready for pods.
func namespace(t *testing.T, client kubernetes.Interface) string {
	t.Helper()
	ctx := context.Background()
	made, err := client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "go-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.CoreV1().Namespaces().Delete(ctx, made.Name, metav1.DeleteOptions{}) })
	err = wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 10*time.Second, true, func(ctx context.Context) (bool, error) {
		_, err := client.CoreV1().ServiceAccounts(made.Name).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, nil
	})
	if err != nil {
		t.Fatalf("no default service account in %s: %v", made.Name, err)
	}
	return made.Name
}

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func podSpec() corev1.PodSpec {
	yes, seconds := true, int64(7)
	return corev1.PodSpec{
		SchedulerName:                 "nobody",
		TerminationGracePeriodSeconds: &seconds,
		NodeSelector:                  map[string]string{"disk": "ssd"},
		Tolerations:                   []corev1.Toleration{{Key: "k", Operator: corev1.TolerationOpExists, TolerationSeconds: &seconds, Effect: corev1.TaintEffectNoExecute}},
		Containers: []corev1.Container{{
			Name: "main", Image: "busybox:1.36", Command: []string{"sleep", "1"},
			Env:             []corev1.EnvVar{{Name: "A", Value: "b"}, {Name: "N", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}}},
			Resources:       corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("64Mi")}},
			SecurityContext: &corev1.SecurityContext{ReadOnlyRootFilesystem: &yes},
		}},
		Volumes: []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
	}
}

func TestTypedClientOverProtobuf(t *testing.T) {
	ctx := context.Background()
	client, sent := overProtobuf(t)
	plain := kubernetes.NewForConfigOrDie(config(t))
	ns := namespace(t, client)

	pod := must[*corev1.Pod](t)(client.CoreV1().Pods(ns).Create(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", Labels: map[string]string{"a": "b"}}, Spec: podSpec()}, metav1.CreateOptions{}))
	same := must[*corev1.Pod](t)(plain.CoreV1().Pods(ns).Get(ctx, "p", metav1.GetOptions{}))
	if !apiequality.Semantic.DeepEqual(pod.Spec, same.Spec) || pod.UID != same.UID {
		t.Errorf("the pod differs between protobuf and JSON:\n%+v\n%+v", pod.Spec, same.Spec)
	}
	replicas := int32(0)
	must[*appsv1.Deployment](t)(client.AppsV1().Deployments(ns).Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "d"},
		Spec: appsv1.DeploymentSpec{Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"a": "b"}}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "x"}}}}},
	}, metav1.CreateOptions{}))
	secret := must[*corev1.Secret](t)(client.CoreV1().Secrets(ns).Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "s"}, Data: map[string][]byte{"k": {0, 255, 10}}}, metav1.CreateOptions{}))
	secret.Data["l"] = []byte("more")
	secret = must[*corev1.Secret](t)(client.CoreV1().Secrets(ns).Update(ctx, secret, metav1.UpdateOptions{}))
	if string(secret.Data["k"]) != "\x00\xff\n" || string(secret.Data["l"]) != "more" {
		t.Errorf("bytes were changed: %v", secret.Data)
	}
	now := metav1.NewMicroTime(time.Date(2026, 1, 2, 3, 4, 5, 123456000, time.UTC))
	holder := "me"
	must[*coordinationv1.Lease](t)(client.CoordinationV1().Leases(ns).Create(ctx, &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: "l"}, Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder, RenewTime: &now}}, metav1.CreateOptions{}))
	lease := must[*coordinationv1.Lease](t)(client.CoordinationV1().Leases(ns).Get(ctx, "l", metav1.GetOptions{}))
	if !lease.Spec.RenewTime.Equal(&now) {
		t.Errorf("renewTime came back as %v", lease.Spec.RenewTime)
	}

	stream := must[watch.Interface](t)(client.CoreV1().Pods(ns).Watch(ctx, metav1.ListOptions{ResourceVersion: pod.ResourceVersion}))
	defer stream.Stop()
	must[*corev1.Pod](t)(client.CoreV1().Pods(ns).Patch(ctx, "p", types.StrategicMergePatchType, []byte(`{"metadata":{"labels":{"c":"d"}}}`), metav1.PatchOptions{}))
	select {
	case event := <-stream.ResultChan():
		if changed, ok := event.Object.(*corev1.Pod); !ok || event.Type != "MODIFIED" || changed.Labels["c"] != "d" {
			t.Errorf("the watch sent %s %+v", event.Type, event.Object)
		}
	case <-time.After(10 * time.Second):
		t.Error("the watch sent nothing")
	}

	_, err := client.CoreV1().Pods(ns).Create(ctx, pod, metav1.CreateOptions{})
	if err == nil {
		t.Error("creating an object with a resource version should fail")
	}
	_, err = client.CoreV1().Pods(ns).Get(ctx, "absent", metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("expected NotFound, got %v", err)
	}
	pods := must[*corev1.PodList](t)(client.CoreV1().Pods(ns).List(ctx, metav1.ListOptions{LabelSelector: "c=d"}))
	if len(pods.Items) != 1 || pods.ResourceVersion == "" {
		t.Errorf("the list holds %d pods at revision %q", len(pods.Items), pods.ResourceVersion)
	}
	scale, err := client.AppsV1().Deployments(ns).GetScale(ctx, "d", metav1.GetOptions{})
	if err != nil || scale.Spec.Replicas != 0 {
		t.Errorf("scale: %+v %v", scale, err)
	}
	if err := client.CoreV1().Pods(ns).Delete(ctx, "p", *metav1.NewDeleteOptions(0)); err != nil {
		t.Error(err)
	}
	if sent.Load() < 5 {
		t.Errorf("only %d bodies were sent as protobuf", sent.Load())
	}
}

func TestSharedInformersStayExact(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client, _ := overProtobuf(t)
	ns := namespace(t, client)
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(ns))
	lister := factory.Core().V1().ConfigMaps().Lister().ConfigMaps(ns)
	factory.Core().V1().ConfigMaps().Informer()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())

	var writers sync.WaitGroup
	for w := range 8 {
		writers.Add(1)
		go func() {
			defer writers.Done()
			random := rand.New(rand.NewSource(int64(w)))
			for range 150 {
				name := fmt.Sprintf("c-%d", random.Intn(30))
				object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"v": fmt.Sprint(random.Int())}}
				switch random.Intn(3) {
				case 0:
					_, _ = client.CoreV1().ConfigMaps(ns).Create(ctx, object, metav1.CreateOptions{})
				case 1:
					_, _ = client.CoreV1().ConfigMaps(ns).Update(ctx, object, metav1.UpdateOptions{})
				case 2:
					_ = client.CoreV1().ConfigMaps(ns).Delete(ctx, name, metav1.DeleteOptions{})
				}
			}
		}()
	}
	writers.Wait()
	list := must[*corev1.ConfigMapList](t)(client.CoreV1().ConfigMaps(ns).List(ctx, metav1.ListOptions{}))
	wanted := map[string]string{}
	for _, object := range list.Items {
		wanted[object.Name] = object.ResourceVersion
	}
	var got map[string]string
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 10*time.Second, true, func(context.Context) (bool, error) {
		got = map[string]string{}
		objects, err := lister.List(labels.Everything())
		for _, object := range objects {
			got[object.Name] = object.ResourceVersion
		}
		return err == nil && apiequality.Semantic.DeepEqual(got, wanted), nil
	})
	if err != nil {
		t.Errorf("the cache holds %v, the server %v", got, wanted)
	}
}

func TestApplyDynamicAndDiscovery(t *testing.T) {
	ctx := context.Background()
	c := config(t)
	client := kubernetes.NewForConfigOrDie(c)
	ns := namespace(t, client)
	apply := func(manager string, data map[string]string, force bool) error {
		_, err := client.CoreV1().ConfigMaps(ns).Apply(ctx, corev1apply.ConfigMap("applied", ns).WithData(data), metav1.ApplyOptions{FieldManager: manager, Force: force})
		return err
	}
	if err := apply("one", map[string]string{"a": "1"}, false); err != nil {
		t.Fatal(err)
	}
	if err := apply("two", map[string]string{"a": "2"}, false); !apierrors.IsConflict(err) {
		t.Errorf("expected a conflict, got %v", err)
	}
	if err := apply("two", map[string]string{"a": "2"}, true); err != nil {
		t.Error(err)
	}
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		object, err := client.CoreV1().ConfigMaps(ns).Get(ctx, "applied", metav1.GetOptions{})
		if err != nil {
			return err
		}
		object.Data["b"] = "3"
		_, err = client.CoreV1().ConfigMaps(ns).Update(ctx, object, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		t.Error(err)
	}
	groups, err := restmapper.GetAPIGroupResources(client.Discovery())
	if err != nil {
		t.Fatal(err)
	}
	mapping, err := restmapper.NewDiscoveryRESTMapper(groups).RESTMapping(appsv1.SchemeGroupVersion.WithKind("Deployment").GroupKind())
	if err != nil {
		t.Fatal(err)
	}
	list, err := dynamic.NewForConfigOrDie(c).Resource(mapping.Resource).Namespace(ns).List(ctx, metav1.ListOptions{})
	if err != nil || list.GetKind() != "DeploymentList" {
		t.Errorf("the dynamic client got %v %v", list, err)
	}
	if _, err := client.Discovery().OpenAPIV3().Paths(); err != nil {
		t.Error(err)
	}
	if _, err := client.Discovery().OpenAPISchema(); err != nil {
		t.Error(err)
	}
}
