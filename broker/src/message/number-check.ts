// The grammar of a JSON number, a byte at a time (RFC 8259, section 6).

export interface NumberCheck {
  /** `code`: a minus or a digit. */
  begin(code: number): void;
  /** False: this byte does not belong to the number. */
  accepts(code: number): boolean;
  /** It may end here. */
  readonly isComplete: boolean;
}

type State = 'minus' | 'zero' | 'digits' | 'point' | 'fraction' | 'e' | 'sign' | 'exponent';

export function createNumberCheck(): NumberCheck {
  let state: State = 'zero';

  function next(code: number): State | undefined {
    const isDigit = code >= 48 && code <= 57;
    switch (state) {
      case 'minus':
        return isDigit ? (code === 48 ? 'zero' : 'digits') : undefined;
      case 'zero':
      case 'digits':
        if (isDigit) return state === 'digits' ? 'digits' : undefined;
        return code === 46 ? 'point' : (code | 32) === 101 ? 'e' : undefined;
      case 'point':
      case 'fraction':
        if (isDigit) return 'fraction';
        return state === 'fraction' && (code | 32) === 101 ? 'e' : undefined;
      case 'e':
        return isDigit ? 'exponent' : code === 43 || code === 45 ? 'sign' : undefined;
      case 'sign':
      case 'exponent':
        return isDigit ? 'exponent' : undefined;
    }
  }

  return {
    begin(code) {
      state = code === 45 ? 'minus' : code === 48 ? 'zero' : 'digits';
    },
    accepts(code) {
      const following = next(code);
      if (following === undefined) return false;
      state = following;
      return true;
    },
    get isComplete() {
      return state === 'zero' || state === 'digits' || state === 'fraction' || state === 'exponent';
    },
  };
}
