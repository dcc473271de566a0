"""Frames that the public record prints, or that follow from its rules: each is a golden of its driver."""

from __future__ import annotations

import pytest

from tests.drivers.captures import read_captures

VECTORS: dict[str, tuple[bytes, ...]] = {
    "alaris_asena": (
        b"!INF|4961\r",
        b"!COMMS_PROTOCOL|E8DA\r",
        b"!INST_SERIALNO|457D\r",
        b"!REMOTE_CTRL^ENABLED^3CC1|B1F1\r",
        b"!REMOTE_CTRL^ENABLED^9535|FB2F\r",
        b"!INF_VTBI|8456\r",
        b"!INF_VTBI^ACTIV^11.000^ml^STOP|4433\r",
        b"!INF_VTBI^DEACT|D8C5\r",
        b"!REMQUERY^DEACT|F295\r",
        b"!REMOTE_CTRL^DISABLED|EF95\r",
        b"!INF_START|38F3\r",
        b"!INF_STOP|CD57\r",
        b"!INF_VI_CLEAR|A706\r",
        b"!INST_SERIALNO^8002-51740|050B\r",
        b"!INST_SERIALNO^8002-51733|ACFF\r",
        b"!COMMS_PROTOCOL^Asena Rev 2.1.5|661A\r",
        b"!REMOTE_CTRL^ENABLED^****^PERMIT^0^ms|7BB0\r",
        b"!REMOTE_CTRL^DISABLED^****^PERMIT^0^ms|3C5D\r",
        b"!COMMS_RESPONSE_MAX|7E29\r",
        b"!COMMS_RESPONSE_MAX^4000^ms|DFDF\r",
        b"!SYRINGE_STATUS|4102\r",
        b"!SYRINGE_STATUS^BD PLASTIPAK^ 50^CONF|1CF8\r",
        b"!SYRINGE_STATUS^BD PERFUSOR^ 50^CONF|4567\r",
        b"!INF_RATE_MAX_SYRINGE|8F30\r",
        b"!INF_RATE_MAX_SYRINGE^1200.00^ml/h|8575\r",
        b"!INF_RATE^0.1^ml/h|B775\r",
        b"!INF_RATE^0.10^ml/h|D407\r",
        b"!INF_RATE^3.50^ml/h|3885\r",
        b"!ALARM|50B2\r",
        b"!ALARM^AL_NOALM^ ^ |C73B\r",
        b"!INF_BOLUS^ENABLED|E288\r",
        b"!INF^8002-51733^A^HLD^0.00^ml/h^^0.969^ml^530.15^mmHg^00:04:09^EVENT^214725|DB9D\r",
        b"!REMQUERY^DEACT^^^^|E5C9\r",
        b"!INF^8002-51740^-^SET^0.10^ml/h^^0.000^ml^17.91^mmHg^24+^EVENT^127904|57D6\r",
    ),
    "baxter_as50": (
        b"[RESEND]\xdbk",
        b"[DEV?]\x8b\x1c",
        b"[PRIRATE?]4D",
        b"[BOLRAT?]\x12x",
        b"[BOLSIZ?]&\xeb",
        b"[EXIT]\xbb\xee",
        b"[LBOLUS?]7\xb7",
        b"[STATUS?]\xc3K",
        b"[ACK]\xffv",
        b"[PRIRATE=5.0]S\xf5",
    ),
    "bbraun_space_bcc": (
        b"\x0100031\x021/1/1>ADMIN:ALIVE\x0300061\x04",
        b"\x0100035\x02ComSystem/1/1>MEM:GET\x0300153\x04",
        b"\x0100046\x02SpaceCom9/1/1>194,50100,GNERR,68\x0300070\x04",
    ),
    "capnostream20": (
        bytes.fromhex("85 01 01 00"),
        bytes.fromhex("85 01 02 03"),
        bytes.fromhex("85 01 04 05"),
        bytes.fromhex("85 01 05 04"),
        bytes.fromhex("85 01 0B 0A"),
        bytes.fromhex("85 01 15 14"),
        bytes.fromhex("85 01 36 37"),
        bytes.fromhex("85 01 37 36"),
        bytes.fromhex("85 02 03 03 02"),
        bytes.fromhex("85 1C 01 57 A3 C0 00 26 00 0E 61 48 00 FF FF FF 00 00 00 3C 0F 1E 05 08 64 58 8C 32 01 00 74"),
        bytes.fromhex("85 1C 01 57 A3 C0 01 FF FF 00 5C 3A 08 FF FF FF 01 00 1F 3C 0F 1E 05 08 64 58 8C 32 01 00 04"),
    ),
    "draeger_medibus": (
        b"\x1bQ6C\r",
        b"\x01Q52\r",
        b"\x1bR6D\r",
        b"\x1b$3F\r",
        b"\x01$25\r",
        b"\x01J4B\r",
        b"\x1bS6E\r",
        b"\x01T55\r",
        b"\x1bI64\r",
        b"\x01I4A\r",
        b"\x01$EB 98 E1 70 7A\r",
        b"\x01(11:11:1911-NOV-93E6\r",
        b"\x1bT00020603FA\r",
        b"\x01R0161'My PC'01.00:03.00FC\r",
        b"\x1b04B\r",
        b"\x1bJ$EB1071\r",
        b"\x01$EB 98 5D\r",
        bytes.fromhex("01 15 31 36 0D"),
        b"\x1b(43\r",
        b"\x01S54\r",
    ),
    "fresenius_base": (
        b"\x020DC48\x03",
        b"\x020LE;bA1\x03",
        b"\x021DC47\x03",
        b"\x021LF;b9F\x03",
        b"\x021LE;dr2C\x03",
        b"\x021MO;2C5\x03",
        b"\x020FC46\x03",
        b"\x021C;d0064;r000003E8D5\x03",
        b"\x021I;12E7\x03",
    ),
    "ge_dri": (
        bytes.fromhex(
            "7E 31 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 FF 00 00 00 00 00 00 00 00 00"
            " 00 00 00 00 00 00 00 00 00 01 0A 00 0E 00 00 00 00 00 49 7E"
        ),
        bytes.fromhex(
            "7E 31 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 FF 00 00 00 00 00 00 00 00 00"
            " 00 00 00 00 00 00 00 00 00 03 3C 00 0E 00 00 00 00 00 7D 5D 7E"
        ),
        bytes.fromhex(
            "7E 31 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 FF 00 00 00 00 00 00 00 00 00"
            " 00 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 00 31 7E"
        ),
    ),
    "gemini_c2": (
        b"<A0000A:>B149",
        b"<A0000A:MODE?>766F",
        b"<A0000A:VINF?>5337",
        b"<A0000A:RATE=10>E09D",
        b"<A0000A:INFUSE=ON>5452",
        b"<A0000A:INFUSE=OFF>B7BD",
        b"<A1234A:RATE@129;VTBI@0>92A7",
        b"<A1234A:RATE?;VTBI?;VINF?;MODE?>3D45",
    ),
    "graseby_3400": (
        b"<STRT>C7\r",
        b"<STOP>C0\r",
        b"<GETR>AC\r",
        b"<TOTL>BD\r",
        b"<ZTOT>CB\r",
        b"<CHCK>93\r",
        b"<CHGR100>2F\r",
        b"<CHKR100>33\r",
        b"<OKCHCKSTBY>6F\r",
        b"<OKCHCKINFS>5D\r",
        b"<OKTOTLINFS25>EE\r",
        b"<CESTRTSTBY>91\r",
        b"<OKCHCKALRM>59\r",
    ),
    "hospira_plum_a": (
        b"T@0;ISTA;2FAD\r",
        b"T@1;IDV1;VT1;TV1;DN1;85E7\r",
        b"T@1;IALR;STA;8097\r",
    ),
    "ivy_450c": (b"NIBP=4;121;75;92;80;;",),
    "masimo_ascii1": (
        b"02/22/16 22:47:45 SN=0000056661 SPO2=098% BPM=097 PI=03.60% SPCO=--.-% SPMET=--.-% "
        b"DESAT=-- PIDELTA=+-- ALARM=0000 EXC=000800",
        b"03/19/16 13:37:12 SN=0000093112 SPO2=---% BPM=---% DESAT=-- PIDELTA=+-- ALARM=0000 EXC=000001",
        b"09/15/10 15:10:29 SPO2=097% BPM=064 PI=11.82% ALARM=20 EXC=800",
    ),
    "nellcor_ascii": (b"12-NOV-98 14:00:05 100 120 50",),
    "new_era_ne1000": (
        b"\x02\x08SAF0UC\x03",
        b"00VER\r",
        b"\x0200SNE1000V3.92\x03",
        b"00RAT\r",
        b"\x0200S5.000MH\x03",
    ),
    "nonin_df": (
        bytes.fromhex("01 81 01 00 83"),
        bytes.fromhex("01 80 01 48 CA"),
        bytes.fromhex("01 80 01 61 E3"),
        bytes.fromhex("01 80 01 30 B2"),
    ),
    "philips_intellivue": (
        bytes.fromhex("C0 3A 71 9B 26 C1"),
        bytes.fromhex("C0 3A 91 95 7D E1 C1"),
        bytes.fromhex(
            "C0 11 01 00 1A 09 18 7D E1 16 61 80 30 80 02 01 01 A0 80 62 80 80 01 00 00 00 00 00 00 00 00 00 41 08 C1"
        ),
        bytes.fromhex(
            "C0 11 01 00 24 E1 00 00 02 00 01 00 1C 00 01 00 07 00 16 00 21 00 00 00 00 00 00 00 00 0C 16 00"
            " 08 00 01 00 01 00 06 00 00 C6 C7 C1"
        ),
    ),
}


@pytest.mark.parametrize(("driver", "vector"), [(name, one) for name, many in VECTORS.items() for one in many])
def test_every_frame_of_the_record_is_a_golden(driver: str, vector: bytes) -> None:
    frames = [golden.data for golden in read_captures(driver)]
    assert any(vector in frame for frame in frames), "the capture files do not hold it"
