"""POS messages of this service for pyiso8583 (import iso8583).

A message is MTI, bitmap and fields. Take the length, TPDU and header off first:

    frame = response_body
    decoded, encoded = iso8583.decode(frame[13:], SPEC)

Values of type n are digits. Values of type b are hexadecimal text in upper case. In tracks the separator is D.
pyiso8583 does not pad: write 41 with 8 characters and 42 with 15.
"""

SPEC = {
    "h": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 0, "desc": "no header"},
    "t": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 2, "desc": "message type"},
    "p": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 8, "desc": "bitmap"},
    "1": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 8, "desc": "second bitmap, never there"},
    "2": {"data_enc": "b", "len_enc": "bcd", "len_type": 1, "max_len": 19, "len_count": "nibbles", "right_pad": "0", "desc": "primary account number"},
    "3": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 6, "len_count": "nibbles", "desc": "processing code"},
    "4": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 12, "len_count": "nibbles", "desc": "amount, transaction"},
    "11": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 6, "len_count": "nibbles", "desc": "systems trace audit number"},
    "12": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 6, "len_count": "nibbles", "desc": "time, local transaction"},
    "13": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 4, "len_count": "nibbles", "desc": "date, local transaction"},
    "14": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 4, "len_count": "nibbles", "desc": "date, expiration"},
    "15": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 4, "len_count": "nibbles", "desc": "date, settlement"},
    "22": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 3, "len_count": "nibbles", "right_pad": "0", "desc": "point of service entry mode"},
    "23": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 3, "len_count": "nibbles", "left_pad": "0", "desc": "card sequence number"},
    "25": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 2, "len_count": "nibbles", "desc": "point of service condition code"},
    "26": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 2, "len_count": "nibbles", "desc": "PIN capture code"},
    "27": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 1, "len_count": "nibbles", "left_pad": "0", "desc": "debit or credit card flag"},
    "32": {"data_enc": "b", "len_enc": "bcd", "len_type": 1, "max_len": 11, "len_count": "nibbles", "right_pad": "0", "desc": "acquiring institution identification"},
    "35": {"data_enc": "b", "len_enc": "bcd", "len_type": 1, "max_len": 37, "len_count": "nibbles", "right_pad": "0", "desc": "track 2 data"},
    "36": {"data_enc": "b", "len_enc": "bcd", "len_type": 2, "max_len": 104, "len_count": "nibbles", "right_pad": "0", "desc": "track 3 data"},
    "37": {"data_enc": "ascii", "len_enc": "bcd", "len_type": 0, "max_len": 12, "desc": "retrieval reference number"},
    "38": {"data_enc": "ascii", "len_enc": "bcd", "len_type": 0, "max_len": 6, "desc": "authorization code"},
    "39": {"data_enc": "ascii", "len_enc": "bcd", "len_type": 0, "max_len": 2, "desc": "response code"},
    "41": {"data_enc": "ascii", "len_enc": "bcd", "len_type": 0, "max_len": 8, "desc": "card acceptor terminal identification"},
    "42": {"data_enc": "ascii", "len_enc": "bcd", "len_type": 0, "max_len": 15, "desc": "card acceptor identification code"},
    "44": {"data_enc": "ascii", "len_enc": "bcd", "len_type": 1, "max_len": 25, "desc": "receiving and acquiring institutions"},
    "48": {"data_enc": "b", "len_enc": "bcd", "len_type": 2, "max_len": 322, "len_count": "nibbles", "right_pad": "0", "desc": "totals or batch details"},
    "49": {"data_enc": "ascii", "len_enc": "bcd", "len_type": 0, "max_len": 3, "desc": "currency code, transaction"},
    "52": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 8, "desc": "PIN block"},
    "53": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 16, "len_count": "nibbles", "desc": "security related control information"},
    "54": {"data_enc": "ascii", "len_enc": "bcd", "len_type": 2, "max_len": 40, "desc": "additional amounts"},
    "55": {"data_enc": "b", "len_enc": "bcd", "len_type": 2, "max_len": 255, "desc": "ICC data"},
    "57": {"data_enc": "b", "len_enc": "bcd", "len_type": 2, "max_len": 999, "desc": "terminal hardware data"},
    "58": {"data_enc": "b", "len_enc": "bcd", "len_type": 2, "max_len": 999, "desc": "electronic purse data"},
    "59": {"data_enc": "b", "len_enc": "bcd", "len_type": 2, "max_len": 999, "desc": "extended data"},
    "60": {"data_enc": "b", "len_enc": "bcd", "len_type": 2, "max_len": 19, "len_count": "nibbles", "right_pad": "0", "desc": "transaction type, batch, network management"},
    "61": {"data_enc": "b", "len_enc": "bcd", "len_type": 2, "max_len": 29, "len_count": "nibbles", "right_pad": "0", "desc": "original reference"},
    "62": {"data_enc": "b", "len_enc": "bcd", "len_type": 2, "max_len": 512, "desc": "keys or parameters"},
    "63": {"data_enc": "b", "len_enc": "bcd", "len_type": 2, "max_len": 163, "desc": "operator, card organization and texts"},
    "64": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 8, "desc": "message authentication code"},
}
