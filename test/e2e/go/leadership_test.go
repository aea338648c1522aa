package e2e

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

func TestLeaderElection(t *testing.T) {
	client, _ := overProtobuf(t)
	ns := namespace(t, client)
	var leaders, most atomic.Int32
	run := func(ctx context.Context, identity string, led chan<- string) {
		lock := &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: ns, Name: "leader"},
			Client:     client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
		}
		leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
			Lock: lock, LeaseDuration: 3 * time.Second, RenewDeadline: 2 * time.Second, RetryPeriod: 200 * time.Millisecond, ReleaseOnCancel: true,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(ctx context.Context) {
					most.Store(max(most.Load(), leaders.Add(1)))
					led <- identity
					<-ctx.Done()
				},
				OnStoppedLeading: func() {},
			},
		})
	}
	led := make(chan string, 2)
	stop := map[string]context.CancelFunc{}
	for _, identity := range []string{"one", "two"} {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		stop[identity] = cancel
		go run(ctx, identity, led)
	}
	next := func() string {
		select {
		case identity := <-led:
			return identity
		case <-time.After(15 * time.Second):
			t.Fatal("nobody leads")
			return ""
		}
	}
	first := next()
	time.Sleep(time.Second)
	leaders.Add(-1)
	stop[first]()
	if second := next(); second == first {
		t.Errorf("%s leads again", second)
	}
	if most.Load() != 1 {
		t.Errorf("%d led at once", most.Load())
	}
	lease, err := client.CoordinationV1().Leases(ns).Get(context.Background(), "leader", metav1.GetOptions{})
	if err != nil || lease.Spec.LeaseTransitions == nil || *lease.Spec.LeaseTransitions < 1 {
		t.Errorf("the lease is %+v (%v)", lease.Spec, err)
	}
}
