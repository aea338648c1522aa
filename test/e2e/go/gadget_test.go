package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// Gadget is a custom resource: so many replicas of a workload.
type Gadget struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              GadgetSpec   `json:"spec"`
	Status            GadgetStatus `json:"status,omitempty"`
}

type GadgetSpec struct {
	Size   int32  `json:"size"`
	Colour string `json:"colour,omitempty"`
}

type GadgetStatus struct {
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
}

type GadgetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Gadget `json:"items"`
}

func (g *Gadget) copy() *Gadget {
	made := *g
	made.ObjectMeta = *g.ObjectMeta.DeepCopy()
	made.Status.Conditions = append([]metav1.Condition(nil), g.Status.Conditions...)
	return &made
}

func (g *Gadget) DeepCopyObject() runtime.Object { return g.copy() }

func (l *GadgetList) DeepCopyObject() runtime.Object {
	made := &GadgetList{TypeMeta: l.TypeMeta, ListMeta: *l.ListMeta.DeepCopy()}
	for at := range l.Items {
		made.Items = append(made.Items, *l.Items[at].copy())
	}
	return made
}

// gadgets makes the definition in a group of this test's own, and a scheme that knows it.
func gadgets(t *testing.T, group string) *runtime.Scheme {
	t.Helper()
	ctx := context.Background()
	version := schema.GroupVersion{Group: group, Version: "v1"}
	scheme := runtime.NewScheme()
	_ = clientgoscheme.AddToScheme(scheme)
	_ = apiextensionsv1.AddToScheme(scheme)
	scheme.AddKnownTypes(version, &Gadget{}, &GadgetList{})
	metav1.AddToGroupVersion(scheme, version)
	c, err := client.New(config(t), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	one := float64(1)
	condition := apiextensionsv1.JSONSchemaProps{Type: "object", Required: []string{"type", "status"}, Properties: map[string]apiextensionsv1.JSONSchemaProps{
		"type": {Type: "string"}, "status": {Type: "string"}, "reason": {Type: "string"}, "message": {Type: "string"},
		"observedGeneration": {Type: "integer", Format: "int64"}, "lastTransitionTime": {Type: "string", Format: "date-time"},
	}}
	object := apiextensionsv1.JSONSchemaProps{Type: "object", Required: []string{"spec"}, Properties: map[string]apiextensionsv1.JSONSchemaProps{
		"spec": {Type: "object", Required: []string{"size"}, Properties: map[string]apiextensionsv1.JSONSchemaProps{
			"size":   {Type: "integer", Format: "int32", Minimum: &one},
			"colour": {Type: "string", Default: &apiextensionsv1.JSON{Raw: []byte(`"grey"`)}},
		}},
		"status": {Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{
			"observedGeneration": {Type: "integer", Format: "int64"},
			"conditions": {Type: "array", Items: &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &condition},
				XListType: ptr("map"), XListMapKeys: []string{"type"}},
		}},
	}}
	definition := &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "gadgets." + group},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: group, Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: "gadgets", Singular: "gadget", Kind: "Gadget", ListKind: "GadgetList"},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v1", Served: true, Storage: true,
				Schema:       &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &object},
				Subresources: &apiextensionsv1.CustomResourceSubresources{Status: &apiextensionsv1.CustomResourceSubresourceStatus{}},
			}},
		},
	}
	if err := c.Create(ctx, definition); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Delete(ctx, definition) })
	eventually(t, "the definition is established", func() bool {
		if err := c.Get(ctx, client.ObjectKeyFromObject(definition), definition); err != nil {
			return false
		}
		for _, condition := range definition.Status.Conditions {
			if condition.Type == apiextensionsv1.Established && condition.Status == apiextensionsv1.ConditionTrue {
				return true
			}
		}
		return false
	})
	return scheme
}

func ptr[T any](value T) *T { return &value }

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(context.Background(), 50*time.Millisecond, 20*time.Second, true, func(context.Context) (bool, error) { return holds(), nil })
	if err != nil {
		t.Fatalf("it never came that %s", what)
	}
}

const finalizer = "e2e.perigee.dev/gadget"

// assembler gives each Gadget a Deployment, a ConfigMap by server-side apply, a condition and an event.
type assembler struct {
	client.Client
	record func(object runtime.Object, reason, message string)
}

func (a assembler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var gadget Gadget
	if err := a.Get(ctx, request.NamespacedName, &gadget); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !gadget.DeletionTimestamp.IsZero() {
		if controllerutil.RemoveFinalizer(&gadget, finalizer) {
			return ctrl.Result{}, client.IgnoreNotFound(a.Update(ctx, &gadget))
		}
		return ctrl.Result{}, nil
	}
	if controllerutil.AddFinalizer(&gadget, finalizer) {
		return ctrl.Result{}, a.Update(ctx, &gadget)
	}
	labels := map[string]string{"gadget": gadget.Name}
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: gadget.Namespace, Name: gadget.Name}}
	_, err := controllerutil.CreateOrPatch(ctx, a.Client, deployment, func() error {
		deployment.Spec.Replicas = &gadget.Spec.Size
		deployment.Spec.Paused = true
		deployment.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
		deployment.Spec.Template.Labels = labels
		if len(deployment.Spec.Template.Spec.Containers) == 0 {
			deployment.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main", Image: "busybox"}}
		}
		return controllerutil.SetControllerReference(&gadget, deployment, a.Scheme())
	})
	if err != nil {
		return ctrl.Result{}, err
	}
	settings := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": gadget.Name, "namespace": gadget.Namespace},
		"data":     map[string]any{"colour": gadget.Spec.Colour},
	}}
	if err := a.Apply(ctx, client.ApplyConfigurationFromUnstructured(settings), client.FieldOwner("assembler"), client.ForceOwnership); err != nil {
		return ctrl.Result{}, err
	}
	before := gadget.copy()
	gadget.Status.ObservedGeneration = gadget.Generation
	changed := meta.SetStatusCondition(&gadget.Status.Conditions, metav1.Condition{Type: "Assembled", Status: metav1.ConditionTrue, Reason: "Done", ObservedGeneration: gadget.Generation})
	if !changed && before.Status.ObservedGeneration == gadget.Generation {
		return ctrl.Result{}, nil
	}
	a.record(&gadget, "Assembled", fmt.Sprintf("size %d", gadget.Spec.Size))
	return ctrl.Result{}, a.Status().Patch(ctx, &gadget, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
}

func TestManagerReconcilesACustomResource(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	typed, _ := overProtobuf(t)
	ns := namespace(t, typed)
	scheme := gadgets(t, ns+".example.com")
	manager, err := ctrl.NewManager(config(t), ctrl.Options{
		Scheme:  scheme,
		Cache:   cache.Options{DefaultNamespaces: map[string]cache.Config{ns: {}}},
		Metrics: server.Options{BindAddress: "0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	recorder := manager.GetEventRecorder("assembler")
	record := func(object runtime.Object, reason, message string) {
		recorder.Eventf(object, nil, corev1.EventTypeNormal, reason, "Assemble", message)
	}
	if err := ctrl.NewControllerManagedBy(manager).For(&Gadget{}).Owns(&appsv1.Deployment{}).Complete(assembler{manager.GetClient(), record}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- manager.Start(ctx) }()
	if !manager.GetCache().WaitForCacheSync(ctx) {
		t.Fatal("the caches never filled")
	}

	direct, err := client.New(config(t), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	bad := &Gadget{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "bad"}}
	if err := direct.Create(ctx, bad); !apierrors.IsInvalid(err) {
		t.Errorf("a gadget of size 0 was answered %v", err)
	}
	gadget := &Gadget{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "g"}, Spec: GadgetSpec{Size: 2}}
	if err := direct.Create(ctx, gadget); err != nil {
		t.Fatal(err)
	}
	if gadget.Spec.Colour != "grey" || gadget.Generation != 1 {
		t.Errorf("the new gadget came back as %+v", gadget)
	}
	key := client.ObjectKeyFromObject(gadget)
	settled := func(size int32, colour string) func() bool {
		return func() bool {
			var deployment appsv1.Deployment
			var settings corev1.ConfigMap
			return direct.Get(ctx, key, gadget) == nil && gadget.Status.ObservedGeneration == gadget.Generation &&
				meta.IsStatusConditionTrue(gadget.Status.Conditions, "Assembled") &&
				direct.Get(ctx, key, &deployment) == nil && *deployment.Spec.Replicas == size && metav1.IsControlledBy(&deployment, gadget) &&
				direct.Get(ctx, key, &settings) == nil && settings.Data["colour"] == colour
		}
	}
	eventually(t, "the gadget was assembled", settled(2, "grey"))
	patch := client.MergeFrom(gadget.copy())
	gadget.Spec.Size, gadget.Spec.Colour = 3, "gold"
	if err := direct.Patch(ctx, gadget, patch); err != nil {
		t.Fatal(err)
	}
	if gadget.Generation != 2 {
		t.Errorf("the patch led to generation %d", gadget.Generation)
	}
	eventually(t, "the change was assembled", settled(3, "gold"))
	eventually(t, "the events were recorded", func() bool {
		events, err := typed.CoreV1().Events(ns).List(ctx, metav1.ListOptions{FieldSelector: "involvedObject.kind=Gadget,reason=Assembled"})
		return err == nil && len(events.Items) >= 1
	})
	var cached GadgetList
	if err := manager.GetClient().List(ctx, &cached); err != nil || len(cached.Items) != 1 || cached.Items[0].ResourceVersion != gadget.ResourceVersion {
		t.Errorf("the cache holds %+v (%v)", cached.Items, err)
	}
	if err := direct.Delete(ctx, gadget); err != nil {
		t.Error(err)
	}
	eventually(t, "the gadget was finalized", func() bool { return apierrors.IsNotFound(direct.Get(ctx, key, gadget)) })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
