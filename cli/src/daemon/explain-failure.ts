// Why the broker is not to be had, as one line that says what to do.

const CERTIFICATE_ERRORS = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** A failure before HTTP: DNS, TCP, TLS. */
export function explainFailure(broker: string, error: unknown): string {
  const code = codeOf(error);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `cannot find ${broker} (DNS); check the network or VPN`;
  if (code === 'ECONNREFUSED') return `nothing answers at ${broker}; is the broker running?`;
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED') {
    return `the certificate of ${broker} is not valid now (${code}); check this computer's clock`;
  }
  if (CERTIFICATE_ERRORS.has(code)) {
    return `the certificate of ${broker} is not trusted (${code}); add your company's CA to the system's trust store`;
  }
  const detail = error instanceof Error ? error.message : String(error);
  return `cannot reach ${broker} (${code || detail})`;
}

/** An HTTP answer instead of an upgrade. */
export function explainStatus(broker: string, status: number): string {
  if (status === 426) return `${broker} speaks another version of the tunnel; upgrade mcpgate (npm i -g mcpgate)`;
  if (status === 503) return `${broker} is restarting or cannot serve right now`;
  if (status === 404 || (status >= 200 && status < 400)) {
    return `${broker} does not answer like a mcpgate broker (HTTP ${status}); a proxy or a captive portal may stand in between`;
  }
  return `${broker} answered HTTP ${status}`;
}
