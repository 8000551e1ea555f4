/**
 * @module The request of an entry as a list: of a terminal's message its fields, of a JSON request its members. Names
 * that no table lists come last, as names and texts.
 */

import type { MessageForms } from '../../domain/terminal-profile.ts'
import type { DraftEntry, EntryKind } from '../../domain/types.ts'
import {
  CODED_ENCODINGS,
  CODED_MESSAGES,
  CODED_PROFILES,
  CODED_RESOLUTIONS,
  CODED_SALE_STATES,
  CODED_SETTLEMENT_MACS,
  CODED_STATUSES,
  CODED_TERMINALS,
  CODED_VOID_REASONS,
  USUAL_FIELDS,
} from './codes.ts'
import type { EntryScope } from './columns.ts'
import {
  describeList,
  type EntryTable,
  optionally,
  readList,
  type TableMember,
  tableOf,
  usually,
  writeObject,
} from './schema.ts'
import { digitsForm, field61, hexForm, numeral, plainText, textsForm, type ValueForm } from './values.ts'

type Request = DraftEntry['request']

/** The texts of a table, and the others. */
type RequestView<Name extends string> = { readonly [N in Name]?: string } & { readonly others?: Request }

type PosField =
  | ('0' | '3' | '4' | '11' | '12' | '13' | '15' | '22' | '23' | '25' | '26' | '37' | '38' | '39' | '41')
  | ('42' | '49' | '53' | '60' | '61')

const others = <View>(): TableMember<View> => optionally(textsForm)
const fieldsOf = ({ kind }: EntryScope) => USUAL_FIELDS[kind]

export const POS_REQUEST_TABLE = tableOf<RequestView<PosField>>(
  'fields',
  {
    '0': usually(digitsForm(4), 'MTI of the kind', (scope) => fieldsOf(scope)?.mti),
    '3': usually(digitsForm(6), 'code of the kind', (scope) => fieldsOf(scope)?.processingCode),
    '4': optionally(digitsForm(12)),
    '11': usually(digitsForm(6), 'STAN of the key', ({ parts }) => parts?.stan),
    '12': optionally(digitsForm(6)),
    '13': optionally(digitsForm(4)),
    '15': optionally(digitsForm(4)),
    '22': optionally(digitsForm(3)),
    '23': optionally(digitsForm(3)),
    '25': usually(digitsForm(2), '00 with field 3', (_, view) =>
      view['3'] === undefined ? undefined : '00',
    ),
    '26': optionally(digitsForm(2)),
    '37': optionally(digitsForm(12)),
    '38': optionally(digitsForm(6)),
    '39': optionally(digitsForm(2)),
    '41': usually(plainText, 'terminal of the key', ({ parts }) => parts?.terminalId),
    '42': usually(plainText, 'merchant of the entry', ({ entry }) => entry.merchantId),
    '49': usually(digitsForm(3), '156', () => '156'),
    '53': optionally(digitsForm(3)),
    '60': usually(plainText, 'codes of the kind, batch of the key', (scope) => {
      const usual = fieldsOf(scope)
      if (usual === undefined || scope.parts === null) return undefined
      return usual.transactionType + scope.parts.batchNumber + usual.networkManagementCode
    }),
    '61': optionally(field61),
    others: others(),
  },
  ['4', '22', '23', '37', '38', '61', '39'],
)

type JsonName =
  | ('requestedBy' | 'saleId' | 'amount' | 'currency' | 'reason' | 'state' | 'pan' | 'rrn')
  | ('listed' | 'acquirerStatus' | 'acquirerAmount' | 'decidedBy' | 'resolution' | 'note' | 'decision')
  | 'notedBy'

export const JSON_REQUEST_TABLE = tableOf<RequestView<JsonName>>('members', {
  requestedBy: optionally(plainText),
  saleId: optionally(hexForm),
  amount: optionally(numeral),
  currency: usually(digitsForm(3), '156 of a sale, else absent', ({ kind }) =>
    kind === 'sale' ? '156' : undefined,
  ),
  reason: optionally(CODED_VOID_REASONS),
  state: usually(CODED_SALE_STATES, '`approved` of a sale, else absent', ({ kind }) =>
    kind === 'sale' ? 'approved' : undefined,
  ),
  pan: optionally(plainText),
  rrn: optionally(digitsForm(12)),
  listed: optionally(CODED_MESSAGES),
  acquirerStatus: optionally(CODED_STATUSES),
  acquirerAmount: optionally(numeral),
  decidedBy: optionally(plainText),
  resolution: optionally(CODED_RESOLUTIONS),
  note: optionally(plainText),
  decision: optionally(plainText),
  others: others(),
  notedBy: optionally(plainText),
})

type ProfileName =
  | ('status' | 'macProfile' | 'textEncoding' | 'settlementMac' | 'newMasterKey')
  | keyof MessageForms

export const PROVISION_REQUEST_TABLE = tableOf<RequestView<ProfileName>>('profile', {
  status: optionally(CODED_TERMINALS),
  macProfile: optionally(CODED_PROFILES),
  textEncoding: optionally(CODED_ENCODINGS),
  settlementMac: optionally(CODED_SETTLEMENT_MACS),
  newMasterKey: optionally(plainText),
  others: others(),
  texts: optionally(plainText),
  padding: optionally(plainText),
  entryMode: optionally(plainText),
  cardCheck: optionally(plainText),
  headerLength: optionally(plainText),
  headerTlv: optionally(plainText),
  voidForms: optionally(plainText),
})

type SettingName =
  | ('name' | 'status' | 'timeZone' | 'cutOff' | 'window' | 'currencyCode')
  | ('lateReversals' | 'reasonRequired' | 'decideWithin')

export const MERCHANT_REQUEST_TABLE = tableOf<RequestView<SettingName>>('settings', {
  name: optionally(plainText),
  status: optionally(plainText),
  timeZone: optionally(plainText),
  cutOff: optionally(plainText),
  window: optionally(plainText),
  currencyCode: optionally(digitsForm(3)),
  others: others(),
  lateReversals: optionally(plainText),
  reasonRequired: optionally(plainText),
  decideWithin: optionally(plainText),
})

type AnyRequestView = RequestView<string>

const BY_KIND: Readonly<Partial<Record<EntryKind, EntryTable<AnyRequestView>>>> = {
  provision: PROVISION_REQUEST_TABLE as EntryTable<AnyRequestView>,
  merchant: MERCHANT_REQUEST_TABLE as EntryTable<AnyRequestView>,
}

/** The table of the request: by the kind, then by the door. */
function tableFor({ kind, entry }: EntryScope): EntryTable<AnyRequestView> {
  const byDoor = entry.door === 'terminal' ? POS_REQUEST_TABLE : JSON_REQUEST_TABLE
  return BY_KIND[kind] ?? (byDoor as EntryTable<AnyRequestView>)
}

function viewOf(request: Request, { names }: EntryTable<AnyRequestView>): AnyRequestView {
  const unlisted = Object.keys(request).filter((name) => name === 'others' || !names.has(name))
  if (unlisted.length === 0) return request
  const sorted = unlisted.sort().map((name) => [name, request[name] ?? ''] as const)
  const listed = Object.entries(request).filter(([name]) => !unlisted.includes(name))
  return Object.assign(Object.fromEntries(listed), { others: Object.fromEntries(sorted) })
}

/** A request. */
export const requestForm: ValueForm = {
  name: 'fields, members, profile or settings',
  describe: (stored, scope) => describeList(tableFor(scope), stored, scope),
  write(value, scope) {
    const table = tableFor(scope)
    return writeObject(table, viewOf(value as Request, table), scope)
  },
  read(stored, scope) {
    const view = readList(tableFor(scope), stored, scope)
    if (view.others === undefined) return view
    const { others: unlisted, ...listed } = view
    // Spread defines members, so a name like __proto__ is only a name.
    return { ...listed, ...unlisted }
  },
}
