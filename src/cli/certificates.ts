/** The certificate authority of a data folder and the serving certificate it signs; ECDSA P-256 throughout. */
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { writePrivateFile } from "./data-folder.ts";

export interface ServingCertificate {
  /** PEM; what clients trust. */
  caCertificate: string;
  certificateChain: string;
  /** PEM, PKCS #8. */
  privateKey: string;
  /** Whether the authority was made by this call. */
  madeAuthority: boolean;
}

const DAY = 24 * 60 * 60 * 1000;
const AUTHORITY_DAYS = 3650;
const SERVING_DAYS = 365;
/** A serving certificate nearer to its end than this is replaced at the next start. */
const RENEW_BEFORE_DAYS = 30;
const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/**
 * The folder's certificates, made or renewed where needed.
 * @param names DNS names and IP addresses that the serving certificate must hold.
 */
export async function servingCertificate(folder: string, names: readonly string[], now: Date): Promise<ServingCertificate> {
  const file = (name: string) => join(folder, name);
  const madeAuthority = !isUsable(file("ca.crt"), file("ca.key"), [], now);
  if (madeAuthority) await makeAuthority(file("ca.crt"), file("ca.key"), now);
  const caCertificate = readFileSync(file("ca.crt"), "utf8");
  if (madeAuthority || !isUsable(file("serving.crt"), file("serving.key"), names, now)) {
    await makeServing(caCertificate, readFileSync(file("ca.key"), "utf8"), file("serving.crt"), file("serving.key"), names, now);
  }
  return { caCertificate, certificateChain: readFileSync(file("serving.crt"), "utf8"), privateKey: readFileSync(file("serving.key"), "utf8"), madeAuthority };
}

function isUsable(certificateFile: string, keyFile: string, names: readonly string[], now: Date): boolean {
  if (!existsSync(certificateFile) || !existsSync(keyFile)) return false;
  const certificate = new X509Certificate(readFileSync(certificateFile));
  if (Date.parse(certificate.validTo) - now.getTime() < RENEW_BEFORE_DAYS * DAY) return false;
  return names.every((name) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name, { subject: "never" })) !== undefined);
}

/** Loaded only when a certificate must be made: most starts make none. */
async function issuer() {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(crypto);
  return x509;
}

async function makeAuthority(certificateFile: string, keyFile: string, now: Date): Promise<void> {
  const x509 = await issuer();
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: "CN=perigee-ca",
    ...validity(now, AUTHORITY_DAYS),
    keys,
    signingAlgorithm: KEY_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  writePrivateFile(keyFile, await privateKeyPem(keys.privateKey));
  writePrivateFile(certificateFile, `${certificate.toString("pem")}\n`);
}

async function makeServing(caCertificate: string, caKey: string, certificateFile: string, keyFile: string, names: readonly string[], now: Date): Promise<void> {
  const x509 = await issuer();
  const authority = new x509.X509Certificate(caCertificate);
  const signingKey = await crypto.subtle.importKey("pkcs8", pemBytes(caKey), KEY_ALGORITHM, false, ["sign"]);
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: "CN=perigee",
    issuer: authority.subject,
    ...validity(now, SERVING_DAYS),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: KEY_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((name) => ({ type: isIP(name) ? ("ip" as const) : ("dns" as const), value: name }))),
      await x509.AuthorityKeyIdentifierExtension.create(authority),
    ],
  });
  writePrivateFile(keyFile, await privateKeyPem(keys.privateKey));
  writePrivateFile(certificateFile, `${certificate.toString("pem")}\n${caCertificate}`);
}

async function newKeys(): Promise<CryptoKeyPair> {
  const keys = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
  if (!("privateKey" in keys)) throw new Error("ECDSA keys come in pairs");
  return keys;
}

/** Clocks of clients differ: a certificate is valid from an hour before it was made. */
function validity(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now.getTime() - DAY / 24), notAfter: new Date(now.getTime() + days * DAY) };
}

/** 126 random bits in hex, positive as RFC 5280 §4.1.2.2 wants. */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return Buffer.from(bytes).toString("hex");
}

async function privateKeyPem(key: CryptoKey): Promise<string> {
  const encoded = await crypto.subtle.exportKey("pkcs8", key);
  if (!(encoded instanceof ArrayBuffer)) throw new Error("PKCS #8 is binary");
  const lines =
    Buffer.from(encoded)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
}

function pemBytes(pem: string): Uint8Array {
  return Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64");
}
