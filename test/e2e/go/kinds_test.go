package e2e

import (
	"context"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	resourcev1 "k8s.io/api/resource/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1apply "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1apply "k8s.io/client-go/applyconfigurations/core/v1"
	metav1apply "k8s.io/client-go/applyconfigurations/meta/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/metadata"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// samples has an object of each of many kinds, with the shapes that are hard to carry: unions, maps of bytes, quantities,
// int-or-strings, times, embedded objects and raw JSON.
func samples(prefix string) []client.Object {
	named := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: prefix + name, Labels: map[string]string{"sample": "yes"}, Annotations: map[string]string{"note": "ü\n"}}
	}
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}
	pod := corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "x", LivenessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: intstr.FromString("web")}}},
		Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: 80}}}}}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: selector.MatchLabels}, Spec: pod}
	never := template
	never.Spec.RestartPolicy = corev1.RestartPolicyNever
	prefixPath, percent, half := networkingv1.PathTypePrefix, intstr.FromString("50%"), resource.MustParse("500m")
	return []client.Object{
		&corev1.ConfigMap{ObjectMeta: named("cm"), Data: map[string]string{"a": "1"}, BinaryData: map[string][]byte{"b": {0, 1, 255}}},
		&corev1.Service{ObjectMeta: named("svc"), Spec: corev1.ServiceSpec{Selector: selector.MatchLabels, Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromString("web")}}}},
		&corev1.PersistentVolumeClaim{ObjectMeta: named("pvc"), Spec: corev1.PersistentVolumeClaimSpec{AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			StorageClassName: ptr("none"), Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{"storage": resource.MustParse("1.5Gi")}}}},
		&corev1.LimitRange{ObjectMeta: named("limits"), Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{Type: corev1.LimitTypeContainer, Max: corev1.ResourceList{"cpu": half}}}}},
		&appsv1.StatefulSet{ObjectMeta: named("sts"), Spec: appsv1.StatefulSetSpec{Replicas: ptr(int32(0)), Selector: selector, Template: template, ServiceName: "s"}},
		&appsv1.DaemonSet{ObjectMeta: named("ds"), Spec: appsv1.DaemonSetSpec{Selector: selector, Template: func() corev1.PodTemplateSpec {
			made := *template.DeepCopy()
			made.Spec.NodeSelector = map[string]string{"no": "such"}
			return made
		}(), UpdateStrategy: appsv1.DaemonSetUpdateStrategy{RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &percent}}}},
		&appsv1.ControllerRevision{ObjectMeta: named("rev"), Revision: 7, Data: runtime.RawExtension{Raw: []byte(`{"spec":{"a":[1,"2",null]}}`)}},
		&batchv1.Job{ObjectMeta: named("job"), Spec: batchv1.JobSpec{Suspend: ptr(true), Template: never}},
		&batchv1.CronJob{ObjectMeta: named("cron"), Spec: batchv1.CronJobSpec{Schedule: "0 0 1 1 *", Suspend: ptr(true), JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: never}}}},
		&autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: named("hpa"), Spec: autoscalingv2.HorizontalPodAutoscalerSpec{MaxReplicas: 3, ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{Kind: "Deployment", Name: "x", APIVersion: "apps/v1"},
			Metrics: []autoscalingv2.MetricSpec{{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{Name: "cpu", Target: autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: &half}}}}}},
		&networkingv1.Ingress{ObjectMeta: named("ing"), Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{Host: "a.example.com", IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
			Paths: []networkingv1.HTTPIngressPath{{Path: "/", PathType: &prefixPath, Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "s", Port: networkingv1.ServiceBackendPort{Number: 80}}}}}}}}}}},
		&networkingv1.NetworkPolicy{ObjectMeta: named("np"), Spec: networkingv1.NetworkPolicySpec{Ingress: []networkingv1.NetworkPolicyIngressRule{{Ports: []networkingv1.NetworkPolicyPort{{Port: ptr(intstr.FromInt32(80)), EndPort: ptr(int32(90))}}}}}},
		&policyv1.PodDisruptionBudget{ObjectMeta: named("pdb"), Spec: policyv1.PodDisruptionBudgetSpec{MinAvailable: &percent, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"no": "such"}}}},
		&rbacv1.Role{ObjectMeta: named("role"), Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}}},
		&rbacv1.RoleBinding{ObjectMeta: named("rb"), RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: prefix + "role"}, Subjects: []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: "jane"}}},
		&discoveryv1.EndpointSlice{ObjectMeta: named("slice"), AddressType: discoveryv1.AddressTypeIPv4, Ports: []discoveryv1.EndpointPort{{Port: ptr(int32(80)), Name: ptr("")}}, Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"10.1.2.3"}, Conditions: discoveryv1.EndpointConditions{Ready: ptr(false)}}}},
		&resourcev1.ResourceClaim{ObjectMeta: named("claim"), Spec: resourcev1.ResourceClaimSpec{Devices: resourcev1.DeviceClaim{Requests: []resourcev1.DeviceRequest{{Name: "r", Exactly: &resourcev1.ExactDeviceRequest{DeviceClassName: "gpu.example.com"}}}}}},
		&schedulingv1.PriorityClass{ObjectMeta: named("pc"), Value: 7},
		&storagev1.StorageClass{ObjectMeta: named("sc"), Provisioner: "example.com/p", Parameters: map[string]string{"a": "b"}},
		&admissionv1.ValidatingWebhookConfiguration{ObjectMeta: named("vwc"), Webhooks: []admissionv1.ValidatingWebhook{{Name: "a.example.com", AdmissionReviewVersions: []string{"v1"}, SideEffects: ptr(admissionv1.SideEffectClassNone),
			ClientConfig: admissionv1.WebhookClientConfig{URL: ptr("https://127.0.0.1:1/x"), CABundle: nil}, Rules: []admissionv1.RuleWithOperations{{Operations: []admissionv1.OperationType{"CREATE"}, Rule: admissionv1.Rule{APIGroups: []string{"none.example.com"}, APIVersions: []string{"v1"}, Resources: []string{"nothings"}}}}}}},
	}
}

// A kind's life over protobuf, compared at each step with what a JSON client reads.
func TestKindsOverProtobuf(t *testing.T) {
	ctx := context.Background()
	typed, _ := overProtobuf(t)
	ns := namespace(t, typed)
	overWire := config(t)
	overWire.ContentType = protobuf
	binary, err := client.New(overWire, client.Options{Scheme: clientgoscheme.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	text := config(t)
	text.ContentType, text.AcceptContentTypes = "application/json", "application/json"
	plain, err := client.New(text, client.Options{Scheme: clientgoscheme.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	for _, sample := range samples(ns + "-") {
		kinds, _, _ := clientgoscheme.Scheme.ObjectKinds(sample)
		t.Run(kinds[0].Kind, func(t *testing.T) {
			if namespaced, err := binary.IsObjectNamespaced(sample); err != nil {
				t.Fatal(err)
			} else if namespaced {
				sample.SetNamespace(ns)
			}
			if err := binary.Create(ctx, sample); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = binary.Delete(ctx, sample) })
			key := client.ObjectKeyFromObject(sample)
			same := func(step string) {
				t.Helper()
				one, two := sample.DeepCopyObject().(client.Object), sample.DeepCopyObject().(client.Object)
				if err := binary.Get(ctx, key, one); err != nil {
					t.Fatal(step, err)
				}
				if err := plain.Get(ctx, key, two); err != nil {
					t.Fatal(step, err)
				}
				one.SetManagedFields(nil)
				two.SetManagedFields(nil)
				if one.GetResourceVersion() == two.GetResourceVersion() && !apiequality.Semantic.DeepEqual(one, two) {
					t.Errorf("after %s protobuf and JSON say different things:\n%+v\n%+v", step, one, two)
				}
			}
			same("create")
			for range 5 {
				if err = binary.Get(ctx, key, sample); err != nil {
					break
				}
				sample.GetLabels()["updated"] = "yes"
				if err = binary.Update(ctx, sample); err == nil {
					break
				}
			}
			if err != nil {
				t.Fatal("update: ", err)
			}
			same("update")
			old := sample.DeepCopyObject().(client.Object)
			sample.GetAnnotations()["patched"] = "yes"
			if err := binary.Patch(ctx, sample, client.StrategicMergeFrom(old)); err != nil {
				t.Fatal("patch: ", err)
			}
			same("patch")
			applied := &unstructured.Unstructured{}
			applied.SetGroupVersionKind(kinds[0])
			applied.SetName(sample.GetName())
			applied.SetNamespace(sample.GetNamespace())
			applied.SetLabels(map[string]string{"applied": "yes"})
			if err := binary.Apply(ctx, client.ApplyConfigurationFromUnstructured(applied), client.FieldOwner("e2e")); err != nil {
				t.Fatal("apply: ", err)
			}
			same("apply")
			if err := binary.Get(ctx, key, sample); err != nil || sample.GetLabels()["applied"] != "yes" || sample.GetLabels()["updated"] != "yes" || sample.GetAnnotations()["patched"] != "yes" {
				t.Errorf("the object ended as %+v (%v)", sample, err)
			}
			if err := binary.Delete(ctx, sample, client.PropagationPolicy(metav1.DeletePropagationBackground)); err != nil {
				t.Error("delete: ", err)
			}
		})
	}
}

func TestMetadataClient(t *testing.T) {
	ctx := context.Background()
	typed, _ := overProtobuf(t)
	ns := namespace(t, typed)
	overWire := config(t)
	overWire.ContentType = protobuf
	secrets := metadata.NewForConfigOrDie(metadata.ConfigFor(overWire)).Resource(corev1.SchemeGroupVersion.WithResource("secrets")).Namespace(ns)
	made := must[*corev1.Secret](t)(typed.CoreV1().Secrets(ns).Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "s"}, Data: map[string][]byte{"k": []byte("v")}}, metav1.CreateOptions{}))
	one := must[*metav1.PartialObjectMetadata](t)(secrets.Get(ctx, "s", metav1.GetOptions{}))
	if one.UID != made.UID || one.ResourceVersion != made.ResourceVersion {
		t.Errorf("the metadata is %+v", one)
	}
	list := must[*metav1.PartialObjectMetadataList](t)(secrets.List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=s"}))
	if len(list.Items) != 1 {
		t.Fatalf("the list holds %d", len(list.Items))
	}
	stream, err := secrets.Watch(ctx, metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Stop()
	must[*metav1.PartialObjectMetadata](t)(secrets.Patch(ctx, "s", types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}}}`), metav1.PatchOptions{}))
	event := <-stream.ResultChan()
	if changed, ok := event.Object.(*metav1.PartialObjectMetadata); !ok || changed.Labels["a"] != "b" {
		t.Errorf("the watch sent %s %+v", event.Type, event.Object)
	}
	if err := secrets.Delete(ctx, "s", metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions("other")}); err == nil {
		t.Error("a deletion with another uid was let through")
	}
	if err := secrets.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "a=b"}); err != nil {
		t.Error(err)
	}
}

func TestTypedApplyAndExtract(t *testing.T) {
	ctx := context.Background()
	client, _ := overProtobuf(t)
	ns := namespace(t, client)
	container := corev1apply.Container().WithName("c").WithImage("x").WithPorts(corev1apply.ContainerPort().WithContainerPort(80))
	deployment := appsv1apply.Deployment("d", ns).WithSpec(appsv1apply.DeploymentSpec().WithReplicas(0).
		WithSelector(metav1apply.LabelSelector().WithMatchLabels(map[string]string{"a": "b"})).
		WithTemplate(corev1apply.PodTemplateSpec().WithLabels(map[string]string{"a": "b"}).WithSpec(corev1apply.PodSpec().WithContainers(container))))
	options := metav1.ApplyOptions{FieldManager: "e2e"}
	made := must[*appsv1.Deployment](t)(client.AppsV1().Deployments(ns).Apply(ctx, deployment, options))
	extracted, err := appsv1apply.ExtractDeployment(made, "e2e")
	if err != nil {
		t.Fatal(err)
	}
	if extracted.Spec == nil || *extracted.Spec.Replicas != 0 || len(extracted.Spec.Template.Spec.Containers) != 1 || extracted.Spec.Template.Spec.RestartPolicy != nil {
		t.Errorf("what was applied came back as %+v", extracted.Spec)
	}
	extracted.Spec.Replicas = nil
	extracted.Spec.Template.Spec.Containers[0].WithImage("y")
	changed := must[*appsv1.Deployment](t)(client.AppsV1().Deployments(ns).Apply(ctx, extracted, options))
	// A field given up goes back to its default.
	if *changed.Spec.Replicas != 1 || changed.Spec.Template.Spec.Containers[0].Image != "y" || changed.Generation != 2 {
		t.Errorf("the second apply led to %+v", changed.Spec)
	}
	again := must[*appsv1.Deployment](t)(client.AppsV1().Deployments(ns).Apply(ctx, extracted, options))
	if again.Generation != 2 {
		t.Errorf("applying the same again led to generation %d", again.Generation)
	}
}
