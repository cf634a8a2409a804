"""Personal data are masked, and the numbers of daily life are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makna.clean.mask import KINDS, Mask, passes_luhn

ALL = Mask(kinds=KINDS)

FOUND = [
    ("NIK saya 3201011201900001", "NIK saya [NIK]"),
    ("nik: 3174095505880002.", "nik: [NIK]."),
    ("KTP 320101-120190-0001 ya", "KTP [NIK] ya"),
    ("KTP 3201 0112 0190 0001", "KTP [NIK]"),
    ("NIK3578106203010003", "NIK[NIK]"),
    ("hub 081234567890", "hub [TELEPON]"),
    ("wa081234567890 ya", "wa[TELEPON] ya"),
    ("WA: 0812-3456-7890", "WA: [TELEPON]"),
    ("0812 3456 7890 20 buah", "[TELEPON] 20 buah"),
    ("0812.3456.789", "[TELEPON]"),
    ("0812 - 3456 - 7890", "[TELEPON]"),
    ("+62 812 3456 7890", "[TELEPON]"),
    ("+62 812-3456-7890!", "[TELEPON]!"),
    ("+6281234567890", "[TELEPON]"),
    ("6281234567890", "[TELEPON]"),
    ("62 812 3456 7890", "[TELEPON]"),
    ("+62 (812) 3456 7890", "[TELEPON]"),
    ("(0812) 3456789", "[TELEPON]"),
    ("+62 (0)812 3456 7890", "[TELEPON]"),
    ("telp (021) 5790 1234", "telp [TELEPON]"),
    ("021-57901234", "[TELEPON]"),
    ("021 5790123", "[TELEPON]"),
    ("telepon . 022 - 2033172 fax", "telepon . [TELEPON] fax"),
    ("kantor 0274-123456", "kantor [TELEPON]"),
    ("+62-21-5790-1234", "[TELEPON]"),
    ("pesanan ke 0812-3456-7890", "pesanan ke [TELEPON]"),
    ("untuk pesanan: 0812-3456-7890", "untuk pesanan: [TELEPON]"),
    ("tiket wa 081234567890", "tiket wa [TELEPON]"),
    ("081234567890/081234567891", "[TELEPON]/[TELEPON]"),
    ("0857xxx dan 08571234567,089912345678", "0857xxx dan [TELEPON],[TELEPON]"),
    ("surel budi.s+toko@mail.contoh.co.id.", "surel [EMAIL]."),
    ("(a_b@c-d.com)", "([EMAIL])"),
    ("081234567890, budi@a.id, 3201011201900001", "[TELEPON], [EMAIL], [NIK]"),
    ("kartu 4111 1111 1111 1111", "kartu [KARTU]"),
    ("kartu 5500005555555559", "kartu [KARTU]"),
    ("amex 3782-822463-10005", "amex [KARTU]"),
    ("no rek 1234567890 a.n. Budi", "no rek [REKENING] a.n. Budi"),
    ("rekening BCA: 123-456-7890", "rekening BCA: [REKENING]"),
]

LEFT = [
    "harga Rp 1.500.000",
    "Rp1500000000000000",
    "Rp 62.812.345.678",
    "62.812.345.678 rupiah",
    "IDR 62812345678",
    "tanggal 08-12-2020",
    "08-12-2020 12:30",
    "12/08/2020 08.15",
    "2020-08-12",
    "jam 08.00-16.00",
    "buka 0800-1700",
    "tahun 2019 2020 2021 2022",
    "no pesanan 081234567890",
    "order #081234567890",
    "No. Resi: 081234567890123",
    "INV/081234567890",
    "INV081234567890",
    "kode booking 3201011201900001",
    "resi 3201011201900001",
    "3201013201900001 hari 32",
    "3201011213900001 bulan 13",
    "9901011201900001 provinsi 99",
    "3200011201900001 kota 00",
    "3201010000900001",
    "3201011201900000",
    "32010112019000011 (17 angka)",
    "1234567890123456",
    "8991234567890 (barcode)",
    "8123456789 tanpa nol",
    "0.8123456789",
    "3,0812345678901",
    "08123",
    "0812345678901234",
    "skor 10-0812",
    "budi@contoh",
    "@budi dan @siti.id",
    "a@b",
    "harga 12@1.500",
    "ukuran 4111 x 1111",
    "4111 1111 1111 1112 (bukan kartu)",
    "no 12 rekan 1234567890",
    "PT 021 ABC",
    "Pasal 21-22-23-24",
    "1 2 3 4 5 6 7 8 9 0 8 1 2",
    "IP 192.168.100.200",
    "KTP",
    "",
]


@pytest.mark.parametrize(("before", "after"), FOUND)
def test_personal_data_are_masked(before, after):
    assert ALL.apply(before) == after


@pytest.mark.parametrize("text", LEFT)
def test_other_numbers_stay(text):
    assert ALL.apply(text) == text


def test_only_the_kinds_asked_for_and_the_language():
    text = "081234567890 budi@a.id 4111111111111111"
    assert Mask().apply(text) == "[TELEPON] [EMAIL] 4111111111111111"
    assert Mask(kinds="phone", language="en").apply(text) == "[PHONE] budi@a.id 4111111111111111"
    assert Mask(kinds=["card"], language="en").apply(text).endswith("[CARD]")


def test_what_a_report_shows_hides_the_same():
    assert Mask().shown("Hub 0812-3456-7890 ya") == "Hub ••••-••••-•••• ya"


@given(st.from_regex(r"\A[1-9][0-9]{11,17}\Z"))
def test_exactly_one_check_digit_fits(body):
    body = "".join(str(int(digit)) for digit in body)
    assert sum(passes_luhn(body + str(digit)) for digit in range(10)) == 1


@given(st.text(alphabet="08126 +-.()3457@a\n", max_size=60))
def test_what_is_masked_is_taken_from_the_text(text):
    masked = ALL.apply(text)
    for token in ("[EMAIL]", "[NIK]", "[TELEPON]", "[KARTU]", "[REKENING]"):
        masked = masked.replace(token, "\0")
    position = 0
    for piece in masked.split("\0"):
        position = text.find(piece, position)
        assert position >= 0
        position += len(piece)
