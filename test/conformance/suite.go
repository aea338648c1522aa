// Package conformance holds the dependency on Kubernetes' own end-to-end suite; there is no code of ours in it.
package conformance

import _ "k8s.io/kubernetes/test/e2e"
