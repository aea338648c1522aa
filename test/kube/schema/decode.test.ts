import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/kube/object.ts";
import { DecodeError, decode } from "../../../src/kube/schema/decode.ts";
import { typeIds, typeSchema } from "../../../src/kube/schema/table.ts";

function decoded(type: string, text: string): { object: JsonObject; strict: string[] } {
  const report = { strict: [] as string[] };
  return { object: decode(typeSchema(type), JSON.parse(text), report), strict: report.strict };
}

function refusal(type: string, text: string): string {
  try {
    return JSON.stringify(decoded(type, text).object);
  } catch (error) {
    if (error instanceof DecodeError) return error.why;
    throw error;
  }
}

/** Asked of kube-apiserver v1.36.3, by creating these objects. */
const REFUSED: [type: string, text: string, why: string][] = [
  ["apps.v1.Deployment", '{"spec":{"replicas":"x"}}', "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"],
  ["apps.v1.Deployment", '{"spec":{"replicas":1.5}}', "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"],
  [
    "apps.v1.Deployment",
    '{"spec":{"replicas":3000000000}}',
    "json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32",
  ],
  ["apps.v1.Deployment", '{"spec":{"replicas":true}}', "json: cannot unmarshal bool into Go struct field DeploymentSpec.spec.replicas of type int32"],
  ["apps.v1.Deployment", '{"spec":{"replicas":[]}}', "json: cannot unmarshal array into Go struct field DeploymentSpec.spec.replicas of type int32"],
  ["apps.v1.Deployment", '{"spec":{"replicas":{}}}', "json: cannot unmarshal object into Go struct field DeploymentSpec.spec.replicas of type int32"],
  ["apps.v1.Deployment", '{"spec":"x"}', "json: cannot unmarshal string into Go struct field Deployment.spec of type v1.DeploymentSpec"],
  ["apps.v1.Deployment", '{"spec":5}', "json: cannot unmarshal number into Go struct field Deployment.spec of type v1.DeploymentSpec"],
  ["apps.v1.Deployment", '{"spec":[]}', "json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec"],
  ["apps.v1.Deployment", '{"spec":{"paused":"true"}}', "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.paused of type bool"],
  ["apps.v1.Deployment", '{"spec":{"paused":1}}', "json: cannot unmarshal number into Go struct field DeploymentSpec.spec.paused of type bool"],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"metadata":{"labels":{"a":5}}}}}',
    "json: cannot unmarshal number into Go struct field ObjectMeta.spec.template.metadata.labels of type string",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"metadata":{"labels":[]}}}}',
    "json: cannot unmarshal array into Go struct field ObjectMeta.spec.template.metadata.labels of type map[string]string",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"containers":{}}}}}',
    "json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"containers":["x"]}}}}',
    "json: cannot unmarshal string into Go struct field PodSpec.spec.template.spec.containers of type v1.Container",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"containers":[{"name":5}]}}}}',
    "json: cannot unmarshal number into Go struct field Container.spec.template.spec.containers.name of type string",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"restartPolicy":5}}}}',
    "json: cannot unmarshal number into Go struct field PodSpec.spec.template.spec.restartPolicy of type v1.RestartPolicy",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"volumes":[{"name":"a","emptyDir":"x"}]}}}}',
    "json: cannot unmarshal string into Go struct field Volume.spec.template.spec.volumes.VolumeSource.emptyDir of type v1.EmptyDirVolumeSource",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"volumes":[{"name":"a","secret":{"secretName":5}}]}}}}',
    "json: cannot unmarshal number into Go struct field SecretVolumeSource.spec.template.spec.volumes.VolumeSource.secret.secretName of type string",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"containers":[{"name":"a","livenessProbe":{"httpGet":{"port":true}}}]}}}}',
    "json: cannot unmarshal bool into Go struct field HTTPGetAction.spec.template.spec.containers.livenessProbe.ProbeHandler.httpGet.port of type int32",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"containers":[{"name":"a","livenessProbe":{"httpGet":{"port":1.5}}}]}}}}',
    "json: cannot unmarshal number 1.5 into Go struct field HTTPGetAction.spec.template.spec.containers.livenessProbe.ProbeHandler.httpGet.port of type int32",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"containers":[{"name":"a","command":"x"}]}}}}',
    "json: cannot unmarshal string into Go struct field Container.spec.template.spec.containers.command of type []string",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"containers":[{"name":"a","command":[5]}]}}}}',
    "json: cannot unmarshal number into Go struct field Container.spec.template.spec.containers.command of type string",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"containers":[{"name":"a","env":[{"name":"a","value":5}]}]}}}}',
    "json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"containers":[{"name":"a","env":[{"name":"a","valueFrom":{"configMapKeyRef":{"name":5}}}]}]}}}}',
    "json: cannot unmarshal number into Go struct field ConfigMapKeySelector.spec.template.spec.containers.env.valueFrom.configMapKeyRef.LocalObjectReference.name of type string",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":"abc"}}}]}}}}',
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":{}}}}]}}}}',
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":true}}}]}}}}',
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"containers":[{"name":"a","resources":{"limits":[]}}]}}}}',
    "json: cannot unmarshal array into Go struct field ResourceRequirements.spec.template.spec.containers.resources.limits of type v1.ResourceList",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":""}}}]}}}}',
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":"1x"}}}]}}}}',
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"strategy":{"rollingUpdate":{"maxSurge":[]}}}}',
    "json: cannot unmarshal array into Go struct field RollingUpdateDeployment.spec.strategy.rollingUpdate.maxSurge of type int32",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"selector":"x"}}',
    "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.selector of type v1.LabelSelector",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"replicas":"x","foo":1,"template":{"spec":{"containers":[{"resources":{"limits":{"cpu":"abc"}}}]}}}}',
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"nodeSelector":{"a":{}}}}}}',
    "json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.nodeSelector of type string",
  ],
  ["core.v1.ConfigMap", '{"binaryData":{"a":"!!"}}', "illegal base64 data at input byte 0"],
  ["core.v1.ConfigMap", '{"binaryData":{"a":"YWJ"}}', "illegal base64 data at input byte 0"],
  ["core.v1.ConfigMap", '{"binaryData":{"a":"YWJjZA="}}', "illegal base64 data at input byte 7"],
  ["core.v1.ConfigMap", '{"binaryData":{"a":"YW=j"}}', "illegal base64 data at input byte 2"],
  ["core.v1.ConfigMap", '{"binaryData":{"a":5}}', "json: cannot unmarshal number into Go struct field ConfigMap.binaryData of type []uint8"],
  ["core.v1.ConfigMap", '{"binaryData":{"a":[1,2,300]}}', "json: cannot unmarshal number 300 into Go struct field ConfigMap.binaryData of type uint8"],
  ["core.v1.ConfigMap", '{"binaryData":{"a":"=a=="}}', "illegal base64 data at input byte 0"],
  ["core.v1.ConfigMap", '{"binaryData":{"a":"YWJj===="}}', "illegal base64 data at input byte 4"],
  ["core.v1.ConfigMap", '{"binaryData":{"a":"YWJjYQ==YQ=="}}', "illegal base64 data at input byte 8"],
  ["core.v1.ConfigMap", '{"data":{"a":5}}', "json: cannot unmarshal number into Go struct field ConfigMap.data of type string"],
  ["core.v1.ConfigMap", '{"data":"x"}', "json: cannot unmarshal string into Go struct field ConfigMap.data of type map[string]string"],
  ["core.v1.ConfigMap", '{"metadata":"x"}', "json: cannot unmarshal string into Go struct field ConfigMap.metadata of type v1.ObjectMeta"],
  ["core.v1.ConfigMap", '{"metadata":{"name":5}}', "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string"],
  [
    "core.v1.ConfigMap",
    '{"metadata":{"name":"a","creationTimestamp":5}}',
    "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string",
  ],
  ["core.v1.ConfigMap", '{"metadata":{"name":"a","creationTimestamp":"x"}}', 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'],
  ["core.v1.ConfigMap", '{"metadata":{"name":"a","creationTimestamp":""}}', 'parsing time "" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006"'],
  ["core.v1.ConfigMap", '{"metadata":{"name":"a","creationTimestamp":"2020-13-01T00:00:00Z"}}', 'parsing time "2020-13-01T00:00:00Z": month out of range'],
  ["core.v1.ConfigMap", '{"metadata":{"name":"a","creationTimestamp":"2020-02-30T00:00:00Z"}}', 'parsing time "2020-02-30T00:00:00Z": day out of range'],
  [
    "core.v1.ConfigMap",
    '{"metadata":{"name":"a","creationTimestamp":"2020-02-03T00:00:00"}}',
    'parsing time "2020-02-03T00:00:00" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00"',
  ],
  ["core.v1.ConfigMap", '{"metadata":{"name":"a","creationTimestamp":"2020-02-03T00:00:00Zx"}}', 'parsing time "2020-02-03T00:00:00Zx": extra text: "x"'],
  [
    "core.v1.ConfigMap",
    '{"metadata":{"name":"a","creationTimestamp":"2020-02-03 00:00:00Z"}}',
    'parsing time "2020-02-03 00:00:00Z" as "2006-01-02T15:04:05Z07:00": cannot parse " 00:00:00Z" as "T"',
  ],
  [
    "core.v1.ConfigMap",
    '{"metadata":{"name":"a","creationTimestamp":{}}}',
    "json: cannot unmarshal object into Go struct field ObjectMeta.metadata.creationTimestamp of type string",
  ],
  [
    "core.v1.ConfigMap",
    '{"metadata":{"name":"a","finalizers":"x"}}',
    "json: cannot unmarshal string into Go struct field ObjectMeta.metadata.finalizers of type []string",
  ],
  [
    "core.v1.ConfigMap",
    '{"metadata":{"name":"a","ownerReferences":[{"uid":5}]}}',
    "json: cannot unmarshal number into Go struct field OwnerReference.metadata.ownerReferences.uid of type types.UID",
  ],
  ["core.v1.ConfigMap", '{"metadata":{"name":"a","uid":5}}', "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.uid of type types.UID"],
  [
    "core.v1.ConfigMap",
    '{"metadata":{"name":"a","managedFields":[{"operation":5}]}}',
    "json: cannot unmarshal number into Go struct field ManagedFieldsEntry.metadata.managedFields.operation of type v1.ManagedFieldsOperationType",
  ],
  ["core.v1.ConfigMap", '{"immutable":"x"}', "json: cannot unmarshal string into Go struct field ConfigMap.immutable of type bool"],
  [
    "core.v1.ConfigMap",
    '{"metadata":{"name":"a","generation":"x"}}',
    "json: cannot unmarshal string into Go struct field ObjectMeta.metadata.generation of type int64",
  ],
  [
    "coordination.v1.Lease",
    '{"spec":{"renewTime":"2020-01-01T00:00:00Z"}}',
    'parsing time "2020-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
  ],
  [
    "coordination.v1.Lease",
    '{"spec":{"renewTime":"2020-01-01T00:00:00.1234567Z"}}',
    'parsing time "2020-01-01T00:00:00.1234567Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "7Z" as "Z07:00"',
  ],
  ["core.v1.Service", '{"spec":{"ports":[{"port":"80"}]}}', "json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32"],
  [
    "core.v1.Service",
    '{"spec":{"ports":[{"port":80,"targetPort":true}]}}',
    "json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type int32",
  ],
  [
    "core.v1.Service",
    '{"spec":{"ports":[{"port":80,"targetPort":{}}]}}',
    "json: cannot unmarshal object into Go struct field ServicePort.spec.ports.targetPort of type int32",
  ],
  [
    "core.v1.Service",
    '{"spec":{"ports":[{"port":80,"targetPort":3000000000}]}}',
    "json: cannot unmarshal number 3000000000 into Go struct field ServicePort.spec.ports.targetPort of type int32",
  ],
  [
    "core.v1.Service",
    '{"spec":{"ports":[{"port":80,"protocol":5}]}}',
    "json: cannot unmarshal number into Go struct field ServicePort.spec.ports.protocol of type v1.Protocol",
  ],
  ["core.v1.Service", '{"spec":{"type":5}}', "json: cannot unmarshal number into Go struct field ServiceSpec.spec.type of type v1.ServiceType"],
  ["core.v1.Service", '{"spec":{"ipFamilies":"x"}}', "json: cannot unmarshal string into Go struct field ServiceSpec.spec.ipFamilies of type []v1.IPFamily"],
  ["core.v1.Service", '{"spec":{"ipFamilies":[5]}}', "json: cannot unmarshal number into Go struct field ServiceSpec.spec.ipFamilies of type v1.IPFamily"],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"containers":[{"name":"a","ports":[5]}]}}}}',
    "json: cannot unmarshal number into Go struct field Container.spec.template.spec.containers.ports of type v1.ContainerPort",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"affinity":[]}}}}',
    "json: cannot unmarshal array into Go struct field PodSpec.spec.template.spec.affinity of type v1.Affinity",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"hostNetwork":"yes"}}}}',
    "json: cannot unmarshal string into Go struct field PodSpec.spec.template.spec.hostNetwork of type bool",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"overhead":{"cpu":"1","memory":"x"}}}}}',
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
  [
    "apps.v1.Deployment",
    '{"spec":{"template":{"spec":{"tolerations":[{"tolerationSeconds":"5"}]}}}}',
    "json: cannot unmarshal string into Go struct field Toleration.spec.template.spec.tolerations.tolerationSeconds of type int64",
  ],
  [
    "core.v1.ConfigMap",
    '{"metadata":{"name":"a","labels":5}}',
    "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type map[string]string",
  ],
  ["core.v1.ConfigMap", '{"metadata":[]}', "json: cannot unmarshal array into Go struct field ConfigMap.metadata of type v1.ObjectMeta"],
  ["core.v1.ConfigMap", '{"metadata":{"name":"a","creationTimestamp":"2020-02-03T25:00:00Z"}}', 'parsing time "2020-02-03T25:00:00Z": hour out of range'],
  [
    "core.v1.ConfigMap",
    '{"metadata":{"name":"a","creationTimestamp":"2020-02-03T00:00:00+99:00"}}',
    'parsing time "2020-02-03T00:00:00+99:00": time zone offset hour out of range',
  ],
  [
    "core.v1.ConfigMap",
    '{"metadata":{"name":"a","creationTimestamp":"2020-02-0"}}',
    'parsing time "2020-02-0" as "2006-01-02T15:04:05Z07:00": cannot parse "0" as "02"',
  ],
  [
    "core.v1.ConfigMap",
    '{"metadata":{"name":"a","creationTimestamp":"2020-2-03T00:00:00Z"}}',
    'parsing time "2020-2-03T00:00:00Z" as "2006-01-02T15:04:05Z07:00": cannot parse "2-03T00:00:00Z" as "01"',
  ],
  [
    "core.v1.ConfigMap",
    '{"metadata":{"name":"a","creationTimestamp":"2020-02-03T00:00:00.Z"}}',
    'parsing time "2020-02-03T00:00:00.Z" as "2006-01-02T15:04:05Z07:00": cannot parse ".Z" as "Z07:00"',
  ],
  ["core.v1.ConfigMap", '{"binaryData":{"a":["x"]}}', "json: cannot unmarshal string into Go struct field ConfigMap.binaryData of type uint8"],
  ["core.v1.ConfigMap", '{"binaryData":{"a":"YQ="}}', "illegal base64 data at input byte 3"],
  ["core.v1.ConfigMap", '{"binaryData":{"a":"YQ=x"}}', "illegal base64 data at input byte 2"],
  ["core.v1.ConfigMap", '{"binaryData":{"a":"Y"}}', "illegal base64 data at input byte 0"],
  ["core.v1.ConfigMap", '{"binaryData":{"a":"YWJjé"}}', "illegal base64 data at input byte 4"],
  ["core.v1.ConfigMap", '{"binaryData":{"a":"YW\\nJjY"}}', "illegal base64 data at input byte 5"],
  ["coordination.v1.Lease", '{"spec":{"renewTime":5}}', "json: cannot unmarshal number into Go struct field LeaseSpec.spec.renewTime of type string"],
  [
    "coordination.v1.Lease",
    '{"spec":{"renewTime":"2020-01-01T00:00:00.123Z"}}',
    'parsing time "2020-01-01T00:00:00.123Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse ".123Z" as ".000000"',
  ],
  [
    "apiextensions.v1.CustomResourceDefinition",
    '{"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"type":5}}}]}}',
    "json: cannot unmarshal number into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.type of type string",
  ],
  [
    "apiextensions.v1.CustomResourceDefinition",
    '{"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"properties":[]}}}]}}',
    "json: cannot unmarshal array into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.properties of type map[string]v1.JSONSchemaProps",
  ],
  [
    "apiextensions.v1.CustomResourceDefinition",
    '{"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"properties":{"a":{"type":5}}}}}]}}',
    "json: cannot unmarshal number into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.properties.type of type string",
  ],
  [
    "apiextensions.v1.CustomResourceDefinition",
    '{"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"items":[{"type":5}]}}}]}}',
    "json: cannot unmarshal number into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.items.type of type string",
  ],
  [
    "apiextensions.v1.CustomResourceDefinition",
    '{"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"items":{"type":5}}}}]}}',
    "json: cannot unmarshal number into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.items.type of type string",
  ],
  [
    "apiextensions.v1.CustomResourceDefinition",
    '{"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"additionalProperties":5}}}]}}',
    "boolean or JSON schema expected",
  ],
  [
    "apiextensions.v1.CustomResourceDefinition",
    '{"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"additionalProperties":{"type":5}}}}]}}',
    "json: cannot unmarshal number into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.additionalProperties.type of type string",
  ],
  [
    "apiextensions.v1.CustomResourceDefinition",
    '{"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"required":"x"}}}]}}',
    "json: cannot unmarshal string into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.required of type []string",
  ],
  [
    "apiextensions.v1.CustomResourceDefinition",
    '{"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"maximum":"x"}}}]}}',
    "json: cannot unmarshal string into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.maximum of type float64",
  ],
  [
    "apiextensions.v1.CustomResourceDefinition",
    '{"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"minLength":1.5}}}]}}',
    "json: cannot unmarshal number 1.5 into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.minLength of type int64",
  ],
  [
    "apiextensions.v1.CustomResourceDefinition",
    '{"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"allOf":{}}}}]}}',
    "json: cannot unmarshal object into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.allOf of type []v1.JSONSchemaProps",
  ],
  [
    "apiextensions.v1.CustomResourceDefinition",
    '{"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"not":[]}}}]}}',
    "json: cannot unmarshal array into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.not of type v1.JSONSchemaProps",
  ],
  [
    "apiextensions.v1.CustomResourceDefinition",
    '{"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"enum":{}}}}]}}',
    "json: cannot unmarshal object into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.enum of type []v1.JSON",
  ],
  [
    "apiextensions.v1.CustomResourceDefinition",
    '{"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"x-kubernetes-preserve-unknown-fields":"x"}}}]}}',
    "json: cannot unmarshal string into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.x-kubernetes-preserve-unknown-fields of type bool",
  ],
];

describe("values of the wrong type are refused in the words of Go's decoder", () => {
  it.each(REFUSED)("%s %s", (type, text, why) => {
    expect(refusal(type, text)).toBe(why);
  });

  it("frames the refusal with kind and version", () => {
    expect(() => decode(typeSchema("apps.v1.Deployment"), { spec: { replicas: "x" } }, { strict: [] })).toThrow(
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    );
  });

  it("does not frame it for request options", () => {
    expect(() => decode(typeSchema("meta.v1.DeleteOptions"), { gracePeriodSeconds: "x" }, { strict: [] })).toThrow(
      /^json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64$/,
    );
  });
});

describe("unknown fields", () => {
  it("are dropped and reported with their paths in document order, once each", () => {
    const text =
      '{"foo":1,"spec":{"bar":{},"template":{"spec":{"containers":[{"name":"a"},{"Name":"b","x.y":1,"x.y2":null}]},"metadata":{"labels":{"any":"x"},"unknownMeta":1}}}}';
    const { object, strict } = decoded("apps.v1.Deployment", text);
    expect(strict).toEqual([
      'unknown field "foo"',
      'unknown field "spec.bar"',
      'unknown field "spec.template.spec.containers[1].Name"',
      'unknown field "spec.template.spec.containers[1].x.y"',
      'unknown field "spec.template.spec.containers[1].x.y2"',
      'unknown field "spec.template.metadata.unknownMeta"',
    ]);
    expect(JSON.stringify(object)).not.toMatch(/foo|bar|x\.y|unknownMeta/);
  });

  it("are quoted as Go quotes them", () => {
    expect(decoded("core.v1.ConfigMap", '{"fo\\"o\\u0001\\u00e9":1}').strict).toEqual(['unknown field "fo\\"o\\x01\u00e9"']);
  });

  it("are reported a hundred times at most", () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`u${at}`, 1]));
    expect(decoded("core.v1.ConfigMap", JSON.stringify(many)).strict).toHaveLength(100);
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("%s is one like any other", (name) => {
    const { object, strict } = decoded("core.v1.ConfigMap", `{"${name}":{"polluted":1},"metadata":{"${name}":1}}`);
    expect(strict).toEqual([`unknown field "${name}"`, `unknown field "metadata.${name}"`]);
    expect(object).toEqual({ metadata: {} });
    expect(({} as JsonObject).polluted).toBeUndefined();
  });

  it("a map may have such a key", () => {
    const { object } = decoded("core.v1.ConfigMap", '{"data":{"__proto__":"a","constructor":"b"}}');
    expect(JSON.stringify(object)).toBe('{"data":{"__proto__":"a","constructor":"b"},"metadata":{}}');
  });
});

describe("the object is left as Go's decoder and encoder would leave it", () => {
  it.each<[title: string, type: string, given: unknown, left: unknown]>([
    [
      "null is unset",
      "apps.v1.DeploymentSpec",
      { replicas: null, selector: null, template: null },
      { selector: null, template: { metadata: {}, spec: { containers: null } }, strategy: {} },
    ],
    [
      "fields without omitempty are always there",
      "apps.v1.Deployment",
      { metadata: { name: "a" } },
      { metadata: { name: "a" }, spec: { selector: null, template: { metadata: {}, spec: { containers: null } }, strategy: {} }, status: {} },
    ],
    ["an absent creationTimestamp stays absent", "core.v1.ConfigMap", { metadata: { creationTimestamp: null } }, { metadata: {} }],
    [
      "zero values of omitempty fields go",
      "core.v1.PodSpec",
      { hostNetwork: false, nodeName: "", tolerations: [], nodeSelector: {}, containers: [{ name: "a" }] },
      { containers: [{ name: "a", resources: {} }] },
    ],
    [
      "zero values behind pointers stay",
      "core.v1.PodSpec",
      { containers: null, priority: 0, automountServiceAccountToken: false, runtimeClassName: "" },
      { containers: null, priority: 0, automountServiceAccountToken: false, runtimeClassName: "" },
    ],
    ["an empty struct behind a pointer stays", "core.v1.Volume", { name: "a", emptyDir: {} }, { name: "a", emptyDir: {} }],
    ["an always present list that is empty reads null", "rbac.v1.Role", { metadata: {}, rules: [] }, { metadata: {}, rules: null }],
    [
      "null items are zero values",
      "core.v1.PodSpec",
      { containers: [null, { command: [null] }] },
      {
        containers: [
          { name: "", resources: {} },
          { name: "", command: [""], resources: {} },
        ],
      },
    ],
    [
      "null values of a map are zero values",
      "core.v1.ConfigMap",
      { metadata: {}, data: { a: null }, binaryData: { a: null, b: "" } },
      { metadata: {}, data: { a: "" }, binaryData: { a: "", b: "" } },
    ],
    [
      "quantities are canonical",
      "core.v1.ResourceRequirements",
      { limits: { cpu: "1000m", memory: "0.5Gi", x: 1.5, y: null, z: 2 } },
      { limits: { cpu: "1", memory: "512Mi", x: "1500m", y: "0", z: "2" } },
    ],
    [
      "times are UTC seconds",
      "core.v1.ConfigMap",
      { metadata: { creationTimestamp: "2020-02-03T04:05:06.789+02:00" } },
      { metadata: { creationTimestamp: "2020-02-03T02:05:06Z" } },
    ],
    [
      "micro times have six digits",
      "coordination.v1.LeaseSpec",
      { renewTime: "2020-01-01T00:00:00.123456+02:00" },
      { renewTime: "2019-12-31T22:00:00.123456Z" },
    ],
    ["the zero time is unset", "core.v1.ConfigMap", { metadata: { creationTimestamp: "0001-01-01T00:00:00Z" } }, { metadata: {} }],
    [
      "base64 is written anew",
      "core.v1.ConfigMap",
      { metadata: {}, binaryData: { a: "YWJj\nZGVm", b: "YW5=", c: [97, 98], d: "YQ==\n" } },
      { metadata: {}, binaryData: { a: "YWJjZGVm", b: "YW4=", c: "YWI=", d: "YQ==" } },
    ],
    ["int-or-string is either", "core.v1.ServicePort", { port: 80, targetPort: "http" }, { port: 80, targetPort: "http" }],
    ["an absent int-or-string is 0", "core.v1.ServicePort", { port: 80 }, { port: 80, targetPort: 0 }],
    [
      "raw JSON is left alone",
      "apps.v1.ControllerRevision",
      { metadata: {}, revision: 1, data: { b: [null, { c: "" }] } },
      { metadata: {}, revision: 1, data: { b: [null, { c: "" }] } },
    ],
    ["fields of inlined structs are flat", "core.v1.ConfigMapKeySelector", { name: "a", key: "b", optional: false }, { name: "a", key: "b", optional: false }],
    [
      "the times of an Event are null",
      "core.v1.Event",
      { metadata: {}, involvedObject: {} },
      {
        metadata: {},
        involvedObject: {},
        source: {},
        firstTimestamp: null,
        lastTimestamp: null,
        eventTime: null,
        reportingComponent: "",
        reportingInstance: "",
      },
    ],
    [
      "a schema's own forms",
      "apiextensions.v1.JSONSchemaProps",
      { items: { type: "string" }, additionalProperties: false, enum: [null, 1], default: { a: null }, dependencies: { a: ["b"] } },
      { items: { type: "string" }, additionalProperties: false, enum: [null, 1], default: { a: null }, dependencies: { a: ["b"] } },
    ],
    [
      "-0 is 0",
      "apps.v1.DeploymentSpec",
      { minReadySeconds: -0, replicas: -0 },
      { replicas: 0, selector: null, template: { metadata: {}, spec: { containers: null } }, strategy: {} },
    ],
  ])("%s", (_title, type, given, left) => {
    expect(decoded(type, JSON.stringify(given)).object).toEqual(left);
  });

  it("keeps int64 values beyond what a JavaScript number holds within the range of an int64", () => {
    const { object } = decoded("core.v1.PodSpec", '{"terminationGracePeriodSeconds":9223372036854775807}');
    expect(BigInt(object.terminationGracePeriodSeconds as number)).toBeLessThan(2n ** 63n);
  });

  it("is idempotent for every type, from nothing", () => {
    for (const id of typeIds()) {
      const schema = typeSchema(id);
      if (schema.form !== undefined) continue;
      const once = decode(schema, {}, { strict: [] });
      expect(decode(schema, once, { strict: [] }), id).toEqual(once);
    }
  });

  it("does not change what it was given", () => {
    const given = Object.freeze({ spec: Object.freeze({ replicas: 1 }), foo: 1 });
    decode(typeSchema("apps.v1.Deployment"), given, { strict: [] });
    expect(given).toEqual({ spec: { replicas: 1 }, foo: 1 });
  });

  it("refuses a schema that nests without end", () => {
    let schema: JsonObject = {};
    for (let level = 0; level < 5_000; level++) schema = { properties: { a: schema } };
    expect(() => decode(typeSchema("apiextensions.v1.JSONSchemaProps"), schema, { strict: [] })).toThrow("exceeded max depth");
  });
});
