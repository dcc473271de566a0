"""MSH-18 and what it means for the bytes. Pure.

Table 0211 of HL7: blank is 7-bit ASCII. A message that says one character set and holds another is not guessed at: a
name that is read wrongly is a wrong name.
"""

from __future__ import annotations

CODECS = {
    "": "ascii",
    "ASCII": "ascii",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    **{f"8859/{part}": f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
    "ISO IR6": "ascii",
    "ISO IR100": "iso8859-1",
    "ISO IR101": "iso8859-2",
    "ISO IR192": "utf-8",
    "GB 18030-2000": "gb18030",
    "BIG-5": "big5",
    "KS X 1001": "euc-kr",
}
"""By what MSH-18 says; sets that switch by escape sequences, and those of 16 or 32 bits, are not understood."""


def codec_of(msh_18: str, blank: str = "ascii") -> str | None:
    """Python's name of the character set of MSH-18 (its first repetition); None for one that is not understood.

    blank: what this peer means when it says nothing.
    """
    name = msh_18.strip().upper()
    return blank if not name else CODECS.get(name)
