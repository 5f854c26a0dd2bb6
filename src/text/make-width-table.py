#!/usr/bin/env python3
"""Writes width_table.h from the Unicode Character Database.

Usage: make-width-table.py [DIRECTORY] > width_table.h

DIRECTORY holds UnicodeData's files as Debian's package unicode-data 15.0.0
installs them (the default is where it does). The build does not need this
script; run it when moving to another version of Unicode.

Widths follow the rules by which the GNU C library makes its own table, so that
they agree with wcwidth() and with where ncurses puts things.
"""

import os
import sys

BREAKS = {
    "CR": "CR", "LF": "LF", "Control": "CONTROL", "Extend": "EXTEND",
    "ZWJ": "ZWJ", "Regional_Indicator": "REGIONAL", "Prepend": "PREPEND",
    "SpacingMark": "SPACING", "L": "L", "V": "V", "T": "T", "LV": "LVT",
    "LVT": "LVT",  # unicode.c tells LV from LVT by arithmetic
}
# Those whose conjuncts are one cluster since Unicode 15.1 (rule GB9c).
CONJUNCT_SCRIPTS = set(
    "Bengali Devanagari Gujarati Malayalam Oriya Telugu".split())
JOINING_SCRIPTS = set(
    "Arabic Syriac Thaana Nko Mandaic Devanagari Bengali Gurmukhi Gujarati "
    "Oriya Tamil Telugu Kannada Malayalam Sinhala Tibetan Myanmar Khmer "
    "Mongolian Balinese Javanese Phags_Pa Adlam".split())
LAST = 0x10FFFF


def read(path, column):
    """Yields (code point, value of the column) for each line of a UCD file."""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            fields = line.split("#")[0].split(";")
            if len(fields) <= column:
                continue
            ends = fields[0].strip().split("..")
            for code in range(int(ends[0], 16), int(ends[-1], 16) + 1):
                yield code, fields[column].strip()


def column_of(path, column, default):
    values = [default] * (LAST + 1)
    for code, value in read(path, column):
        values[code] = value
    return values


def members(path, name):
    return {code for code, value in read(path, 1) if value == name}


class Tables:
    """The files of the database, by code point."""

    def __init__(self, ucd):
        def path(name):
            return os.path.join(ucd, name)

        self.category = column_of(
            path("extracted/DerivedGeneralCategory.txt"), 1, "Cn")
        self.asian = column_of(path("EastAsianWidth.txt"), 1, "N")
        self.breaks = column_of(
            path("auxiliary/GraphemeBreakProperty.txt"), 1, "Other")
        self.script = column_of(path("Scripts.txt"), 1, "Unknown")
        self.syllabic = column_of(
            path("IndicSyllabicCategory.txt"), 1, "Other")
        self.pict = members(path("emoji/emoji-data.txt"),
                            "Extended_Pictographic")
        self.emoji = members(path("emoji/emoji-data.txt"), "Emoji")
        self.ignorable = members(path("DerivedCoreProperties.txt"),
                                 "Default_Ignorable_Code_Point")
        self.visible_format = members(path("PropList.txt"),
                                      "Prepended_Concatenation_Mark")
        self.ideograph = members(path("PropList.txt"), "Unified_Ideograph")

    def width(self, code):
        """Columns by which the cursor advances."""
        if code == 0xAD or code in self.visible_format:
            return 1
        if self.category[code] in ("Mn", "Me", "Cf", "Cc", "Cs", "Zl", "Zp"):
            return 0
        # Hangul vowels and trailing consonants join the one before them.
        if 0x1160 <= code < 0x1200 or self.breaks[code] in ("V", "T"):
            return 0
        if self.asian[code] in ("W", "F"):
            return 2
        # Circled numbers and hexagrams: of ambiguous width, shown wide.
        if 0x3248 <= code < 0x3250 or 0x4DC0 <= code < 0x4E00:
            return 2
        return 2 if self.is_emoji_to_come(code) else 1

    def sign(self, code):
        """Columns as the base of a cluster; 0 when it shows nothing."""
        if self.category[code] == "Cf" or code in self.ignorable:
            return 0
        if self.asian[code] == "A":
            return min(self.width(code), 1)
        return self.width(code)

    def is_emoji_to_come(self, code):
        """Not assigned yet, in the blocks that new emoji go to; all wide."""
        return (self.category[code] == "Cn" and code in self.pict and
                (0x1F6D0 <= code < 0x1F700 or 0x1FA70 <= code < 0x1FB00))

    def hidden(self, code):
        category = self.category[code]
        if category == "Cn":
            return not (self.is_emoji_to_come(code) or
                        self.asian[code] == "W")
        if category == "Cf":
            return code not in self.visible_format
        return (category in ("Cc", "Cs", "Zl", "Zp") or
                code in self.ignorable)

    def joining(self, code):
        return (self.script[code] in JOINING_SCRIPTS and
                self.category[code][0] in "LM" and not self.hidden(code))

    def conjunct(self, code, part):
        return (self.script[code] in CONJUNCT_SCRIPTS and
                self.syllabic[code] == part)

    def attributes(self, code):
        flags = [name for name, here in (
            ("PICT", code in self.pict),
            ("EMOJI", code in self.emoji),
            ("HIDDEN", self.hidden(code)),
            ("IDEOGRAPH", code in self.ideograph),
            ("JOINING", self.joining(code)),
            ("SPACING", self.category[code] == "Mc"),
            ("CONSONANT", self.conjunct(code, "Consonant")),
            ("VIRAMA", self.conjunct(code, "Virama")),
        ) if here]
        return (self.width(code), self.sign(code),
                BREAKS.get(self.breaks[code], "OTHER"), tuple(flags))


def ranges(tables):
    """Yields (first, last, attributes) where they are not the usual ones."""
    usual = (1, 1, "OTHER", ())
    first, known = 0, tables.attributes(0)
    for code in range(1, LAST + 2):
        now = tables.attributes(code) if code <= LAST else None
        if now != known:
            if known != usual:
                yield first, code - 1, known
            first, known = code, now


def main():
    tables = Tables(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/unicode")
    print("/* Made by make-width-table.py from Unicode 15.0.0; not to be edited.")
    print(" * {first, last, width, sign, break class, flags}; what is not listed")
    print(" * is {1, 1, OTHER, 0}. */")
    print("/* clang-format off */")
    for first, last, (width, sign, kind, flags) in ranges(tables):
        bits = " | ".join("UNICODE_" + flag for flag in flags) or "0"
        print("{0x%04X, 0x%04X, %d, %d, BREAK_%s, %s}," %
              (first, last, width, sign, kind, bits))


if __name__ == "__main__":
    main()
