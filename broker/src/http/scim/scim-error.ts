// Errors as SCIM has them (RFC 7644, section 3.12).
import { GateError, type ErrorCode } from 'mcpgate-shared/error';
import { errorBody, HTTP_STATUS } from '../error-status.ts';

export type ScimType = 'invalidFilter' | 'invalidPath' | 'invalidSyntax' | 'invalidValue' | 'noTarget' | 'uniqueness';

const TYPE_OF: Partial<Record<ErrorCode, ScimType>> = { usage: 'invalidValue', conflict: 'uniqueness' };

class ScimError extends GateError {
  readonly scimType: ScimType;

  constructor(scimType: ScimType, message: string) {
    super('usage', message);
    this.scimType = scimType;
  }
}

/** What the client has sent and should not have. */
export function badRequest(scimType: ScimType, message: string): GateError {
  return new ScimError(scimType, message);
}

export function scimErrorBody(error: GateError, requestId: string): Record<string, unknown> {
  const scimType = error instanceof ScimError ? error.scimType : TYPE_OF[error.code];
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(HTTP_STATUS[error.code]),
    ...(scimType !== undefined && { scimType }),
    detail: errorBody(error, requestId).error.message,
  };
}
