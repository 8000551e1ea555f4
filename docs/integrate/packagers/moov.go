// Package annul has the POS messages of this service for github.com/moov-io/iso8583.
//
// A message is MTI, bitmap and fields. Take the length, TPDU and header off first:
//
//	message := iso8583.NewMessage(annul.Spec)
//	err := message.Unpack(frame[13:])
package annul

import (
	"fmt"
	"strings"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"
	"github.com/moov-io/iso8583/prefix"
)

// Spec is the field table. Values of BCD fields are digits in full length, values of Binary fields are bytes (BinaryField, GetBytes).
var Spec = &iso8583.MessageSpec{
	Name: "UnionPay POS",
	Fields: map[int]field.Field{
		0:  field.NewString(&field.Spec{Length: 4, Description: "message type", Enc: encoding.BCD, Pref: prefix.BCD.Fixed}),
		1:  field.NewBitmap(&field.Spec{Length: 8, Description: "bitmap", Enc: encoding.Binary, Pref: prefix.Binary.Fixed, DisableAutoExpand: true}),
		2:  field.NewString(&field.Spec{Length: 19, Description: "primary account number", Enc: encoding.LBCD, Pref: prefix.BCD.LL}),
		3:  field.NewString(&field.Spec{Length: 6, Description: "processing code", Enc: encoding.BCD, Pref: prefix.BCD.Fixed}),
		4:  field.NewString(&field.Spec{Length: 12, Description: "amount, transaction", Enc: encoding.BCD, Pref: prefix.BCD.Fixed}),
		11: field.NewString(&field.Spec{Length: 6, Description: "systems trace audit number", Enc: encoding.BCD, Pref: prefix.BCD.Fixed}),
		12: field.NewString(&field.Spec{Length: 6, Description: "time, local transaction", Enc: encoding.BCD, Pref: prefix.BCD.Fixed}),
		13: field.NewString(&field.Spec{Length: 4, Description: "date, local transaction", Enc: encoding.BCD, Pref: prefix.BCD.Fixed}),
		14: field.NewString(&field.Spec{Length: 4, Description: "date, expiration", Enc: encoding.BCD, Pref: prefix.BCD.Fixed}),
		15: field.NewString(&field.Spec{Length: 4, Description: "date, settlement", Enc: encoding.BCD, Pref: prefix.BCD.Fixed}),
		22: field.NewString(&field.Spec{Length: 3, Description: "point of service entry mode", Enc: encoding.LBCD, Pref: prefix.BCD.Fixed}),
		23: field.NewString(&field.Spec{Length: 3, Description: "card sequence number", Enc: encoding.BCD, Pref: prefix.BCD.Fixed}),
		25: field.NewString(&field.Spec{Length: 2, Description: "point of service condition code", Enc: encoding.BCD, Pref: prefix.BCD.Fixed}),
		26: field.NewString(&field.Spec{Length: 2, Description: "PIN capture code", Enc: encoding.BCD, Pref: prefix.BCD.Fixed}),
		27: field.NewString(&field.Spec{Length: 1, Description: "debit or credit card flag", Enc: encoding.BCD, Pref: prefix.BCD.Fixed}),
		32: field.NewString(&field.Spec{Length: 11, Description: "acquiring institution identification", Enc: encoding.LBCD, Pref: prefix.BCD.LL}),
		35: field.NewString(&field.Spec{Length: 37, Description: "track 2 data", Enc: track, Pref: prefix.BCD.LL}),
		36: field.NewString(&field.Spec{Length: 104, Description: "track 3 data", Enc: track, Pref: prefix.BCD.LLL}),
		37: field.NewString(&field.Spec{Length: 12, Description: "retrieval reference number", Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed, Pad: padding.Right(' ')}),
		38: field.NewString(&field.Spec{Length: 6, Description: "authorization code", Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed, Pad: padding.Right(' ')}),
		39: field.NewString(&field.Spec{Length: 2, Description: "response code", Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed, Pad: padding.Right(' ')}),
		41: field.NewString(&field.Spec{Length: 8, Description: "card acceptor terminal identification", Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed, Pad: padding.Right(' ')}),
		42: field.NewString(&field.Spec{Length: 15, Description: "card acceptor identification code", Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed, Pad: padding.Right(' ')}),
		44: field.NewString(&field.Spec{Length: 25, Description: "receiving and acquiring institutions", Enc: encoding.ASCII, Pref: prefix.BCD.LL}),
		48: field.NewString(&field.Spec{Length: 322, Description: "totals or batch details", Enc: encoding.LBCD, Pref: prefix.BCD.LLL}),
		49: field.NewString(&field.Spec{Length: 3, Description: "currency code, transaction", Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed, Pad: padding.Right(' ')}),
		52: field.NewBinary(&field.Spec{Length: 8, Description: "PIN block", Enc: encoding.Binary, Pref: prefix.Binary.Fixed}),
		53: field.NewString(&field.Spec{Length: 16, Description: "security related control information", Enc: encoding.BCD, Pref: prefix.BCD.Fixed}),
		54: field.NewString(&field.Spec{Length: 40, Description: "additional amounts", Enc: encoding.ASCII, Pref: prefix.BCD.LLL}),
		55: field.NewBinary(&field.Spec{Length: 255, Description: "ICC data", Enc: encoding.Binary, Pref: prefix.BCD.LLL}),
		57: field.NewBinary(&field.Spec{Length: 999, Description: "terminal hardware data", Enc: encoding.Binary, Pref: prefix.BCD.LLL}),
		58: field.NewBinary(&field.Spec{Length: 999, Description: "electronic purse data", Enc: encoding.Binary, Pref: prefix.BCD.LLL}),
		59: field.NewBinary(&field.Spec{Length: 999, Description: "extended data", Enc: encoding.Binary, Pref: prefix.BCD.LLL}),
		60: field.NewString(&field.Spec{Length: 19, Description: "transaction type, batch, network management", Enc: encoding.LBCD, Pref: prefix.BCD.LLL}),
		61: field.NewString(&field.Spec{Length: 29, Description: "original reference", Enc: encoding.LBCD, Pref: prefix.BCD.LLL}),
		62: field.NewBinary(&field.Spec{Length: 512, Description: "keys or parameters", Enc: encoding.Binary, Pref: prefix.BCD.LLL}),
		63: field.NewBinary(&field.Spec{Length: 163, Description: "operator, card organization and texts", Enc: encoding.Binary, Pref: prefix.BCD.LLL}),
		64: field.NewBinary(&field.Spec{Length: 8, Description: "message authentication code", Enc: encoding.Binary, Pref: prefix.Binary.Fixed}),
	},
}

// track encodes track data: two nibbles in a byte, the separator as D, a free nibble on the right.
var track encoding.Encoder = trackEncoder{}

type trackEncoder struct{}

const nibbles = "0123456789ABCDEF"

func (trackEncoder) Encode(text []byte) ([]byte, error) {
	packed := make([]byte, (len(text)+1)/2)
	for i, character := range text {
		if character == '=' {
			character = 'D'
		}
		nibble := strings.IndexByte(nibbles, character)
		if nibble < 0 {
			return nil, fmt.Errorf("track: character %d is not a nibble", i)
		}
		packed[i/2] |= byte(nibble) << (4 * (1 - i%2))
	}
	return packed, nil
}

func (trackEncoder) Decode(packed []byte, length int) ([]byte, int, error) {
	size := (length + 1) / 2
	if length < 0 || len(packed) < size {
		return nil, 0, fmt.Errorf("track: %d bytes expected, %d there", size, len(packed))
	}
	text := make([]byte, length)
	for i := range text {
		text[i] = nibbles[packed[i/2]>>(4*(1-i%2))&15]
	}
	return text, size, nil
}
