package e2e

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// mirror keeps, for every ConfigMap labelled mirror=yes, a Secret of the same name and content.
type mirror struct{ client.Client }

func (m mirror) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var source corev1.ConfigMap
	if err := m.Get(ctx, request.NamespacedName, &source); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if source.Labels["mirror"] != "yes" {
		return ctrl.Result{}, nil
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: source.Namespace, Name: source.Name}}
	_, err := controllerutil.CreateOrUpdate(ctx, m.Client, secret, func() error {
		secret.StringData = source.Data
		return controllerutil.SetControllerReference(&source, secret, m.Scheme())
	})
	return ctrl.Result{}, err
}

func TestManagerReconciles(t *testing.T) {
	log.SetLogger(zap.New(zap.UseDevMode(true)))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := config(t)
	typed := kubernetes.NewForConfigOrDie(c)
	ns := namespace(t, typed)
	manager, err := ctrl.NewManager(c, ctrl.Options{
		Cache:                         cache.Options{DefaultNamespaces: map[string]cache.Config{ns: {}}},
		Metrics:                       server.Options{BindAddress: "0"},
		LeaderElection:                true,
		LeaderElectionID:              "mirror",
		LeaderElectionNamespace:       ns,
		LeaderElectionReleaseOnCancel: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := ctrl.NewControllerManagedBy(manager).For(&corev1.ConfigMap{}).Owns(&corev1.Secret{}).Complete(mirror{manager.GetClient()}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- manager.Start(ctx) }()

	source := must[*corev1.ConfigMap](t)(typed.CoreV1().ConfigMaps(ns).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "m", Labels: map[string]string{"mirror": "yes"}}, Data: map[string]string{"k": "1"}}, metav1.CreateOptions{}))
	mirrored := func(value string) func(context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) {
			secret, err := typed.CoreV1().Secrets(ns).Get(ctx, "m", metav1.GetOptions{})
			return err == nil && string(secret.Data["k"]) == value && metav1.IsControlledBy(secret, source), nil
		}
	}
	if err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 20*time.Second, true, mirrored("1")); err != nil {
		t.Fatal("the secret was never made: ", err)
	}
	source.Data["k"] = "2"
	must[*corev1.ConfigMap](t)(typed.CoreV1().ConfigMaps(ns).Update(ctx, source, metav1.UpdateOptions{}))
	if err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 20*time.Second, true, mirrored("2")); err != nil {
		t.Error("the secret was never changed: ", err)
	}
	if err := typed.CoreV1().Secrets(ns).Delete(ctx, "m", metav1.DeleteOptions{}); err != nil {
		t.Error(err)
	}
	if err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 20*time.Second, true, mirrored("2")); err != nil {
		t.Error("the secret was not made again: ", err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
