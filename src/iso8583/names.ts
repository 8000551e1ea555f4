/** @module English names of the codes in a message, for people who read a description. No decision uses them. */

const MTI_CLASS: Readonly<Record<string, string>> = {
  '01': 'authorization',
  '02': 'financial',
  '03': 'file action',
  '04': 'reversal',
  '05': 'reconciliation',
  '06': 'administrative',
  '08': 'network management',
}

const MTI_FUNCTION: Readonly<Record<string, string>> = {
  '0': 'request',
  '1': 'response',
  '2': 'advice',
  '3': 'advice response',
}

/** '0200' → 'financial request'; '' when unknown. */
export function nameOfMti(mti: string): string {
  const kind = MTI_CLASS[mti.slice(0, 2)]
  const function_ = MTI_FUNCTION[mti.charAt(2)]
  return kind !== undefined && function_ !== undefined ? `${kind} ${function_}` : ''
}

/** Field 39 of a response. */
export const RESPONSE_CODES: Readonly<Record<string, string>> = {
  '00': 'approved',
  '01': 'refer to issuer',
  '03': 'invalid merchant',
  '04': 'pick up card',
  '05': 'do not honour',
  '06': 'error',
  '09': 'in progress',
  '10': 'partially approved',
  '12': 'invalid transaction',
  '13': 'invalid amount',
  '14': 'invalid card number',
  '22': 'states differ',
  '25': 'original not found',
  '30': 'format error',
  '40': 'function not supported',
  '41': 'lost card',
  '43': 'stolen card',
  '51': 'insufficient funds',
  '54': 'expired card',
  '55': 'wrong PIN',
  '57': 'not permitted to cardholder',
  '58': 'not permitted to terminal',
  '61': 'over the amount limit',
  '64': 'original amount differs',
  '68': 'answer too late',
  '75': 'PIN tries exceeded',
  '77': 'sign on again',
  '79': 'offline totals differ',
  '90': 'cut-over in progress',
  '91': 'issuer inoperative',
  '92': 'issuer unreachable',
  '94': 'duplicate transaction',
  '96': 'system malfunction',
  '97': 'terminal unknown',
  '98': 'no answer from issuer',
  '99': 'PIN block error',
  A0: 'MAC error',
}

/** Field 39 of a reversal request. */
export const REVERSAL_REASONS: Readonly<Record<string, string>> = {
  '06': 'other',
  '96': 'approved, terminal could not complete',
  '98': 'no answer in time',
  A0: 'response MAC wrong',
}

/** Field 60.1. */
export const TRANSACTION_TYPES: Readonly<Record<string, string>> = {
  '00': 'management',
  '01': 'balance inquiry',
  '10': 'pre-authorization',
  '11': 'pre-authorization void',
  '20': 'completion',
  '21': 'completion void',
  '22': 'sale',
  '23': 'void of sale',
  '24': 'completion advice',
  '25': 'refund',
}

/** Field 60.3. */
export const NETWORK_MANAGEMENT_CODES: Readonly<Record<string, string>> = {
  '000': 'financial',
  '001': 'sign-on, single-length keys',
  '002': 'sign-off',
  '003': 'sign-on, double-length keys',
  '004': 'sign-on with track key',
  '006': 'sign-on, SM4 keys',
  '201': 'settlement or batch upload',
  '202': 'upload end, totals differed',
  '203': 'upload of a chip transaction',
  '204': 'upload of a chip transaction',
  '205': 'upload of a chip transaction',
  '206': 'upload of a chip transaction',
  '207': 'upload end, totals matched',
  '208': 'upload of a chip transaction',
  '209': 'upload of a chip transaction',
  '301': 'echo',
}

/** Field 55, EMV tags. */
export const ICC_TAGS: Readonly<Record<string, string>> = {
  '57': 'track 2 equivalent data',
  '5A': 'application PAN',
  '5F2A': 'transaction currency code',
  '5F34': 'PAN sequence number',
  '82': 'application interchange profile',
  '84': 'dedicated file name',
  '8A': 'authorization response code',
  '91': 'issuer authentication data',
  '95': 'terminal verification results',
  '9A': 'transaction date',
  '9C': 'transaction type',
  '9F02': 'amount, authorized',
  '9F03': 'amount, other',
  '9F09': 'application version number',
  '9F10': 'issuer application data',
  '9F1A': 'terminal country code',
  '9F1E': 'interface device serial number',
  '9F26': 'application cryptogram',
  '9F27': 'cryptogram information data',
  '9F33': 'terminal capabilities',
  '9F34': 'CVM results',
  '9F35': 'terminal type',
  '9F36': 'application transaction counter',
  '9F37': 'unpredictable number',
  '9F41': 'transaction sequence counter',
  DF31: 'issuer script result',
}
