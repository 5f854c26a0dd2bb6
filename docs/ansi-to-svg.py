#!/usr/bin/env python3
"""Turns a terminal's screen (text with SGR sequences, as `tmux capture-pane -e`
prints it) into an SVG picture.

usage: ansi-to-svg.py COLUMNS ROWS TITLE <screen >picture.svg

Text keeps to the grid of cells whatever font the reader has: each stretch of
cells states its length. Bars and rules are drawn as shapes, since fonts leave
gaps between such characters.
"""
import re
import sys
import unicodedata
from xml.sax.saxutils import escape, quoteattr

CELL_W, CELL_H, MARGIN, TITLE_H = 8.4, 18, 14, 30
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
FOREGROUND, BACKGROUND, FRAME = "#d7dae0", "#16181d", "#2b2f38"
PALETTE = [
    "#3b4048", "#e06c75", "#8cc265", "#d8a657", "#61afef", "#c678dd", "#4fb8c4", "#c8ccd4",
    "#7f8794", "#ff7b86", "#a5e075", "#f0c674", "#7cc1ff", "#de8ff0", "#6ad5e0", "#ffffff",
]
EIGHTHS = {chr(0x2588 + i): 1 - i / 8 for i in range(8)}  # full block … one eighth
SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}
LINES = {  # which arms a box-drawing character has: left, right, up, down
    "─": "lr", "│": "ud", "┬": "lrd", "┴": "lru", "├": "rud", "┤": "lud",
    "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "┼": "lrud",
}
REPEATED = "█░▒▓─"  # drawn as one shape, however many stand in a row
DEC_GRAPHICS = str.maketrans("qxwvtulkmjn", "─│┬┴├┤┌┐└┘┼")


def indexed(number):
    """Colour of the 256-colour table."""
    if number < 16:
        return PALETTE[number]
    if number >= 232:
        return "#" + f"{8 + (number - 232) * 10:02x}" * 3
    number -= 16
    steps = [0, 95, 135, 175, 215, 255]
    parts = (number // 36, number // 6 % 6, number % 6)
    return "#" + "".join(f"{steps[part]:02x}" for part in parts)


class Style:
    """What SGR sequences have set so far."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.fg = self.bg = None
        self.flags = set()

    def take(self, parameters):
        codes = [int(code or 0) for code in re.split("[;:]", parameters)]
        while codes:
            code = codes.pop(0)
            if code == 0:
                self.reset()
            elif code in (38, 48):
                self.set_long(code, codes)
            elif code in (1, 2, 3, 4, 7, 9):
                self.flags.add(code)
            elif code in (22, 23, 24, 27, 29):
                self.flags -= {1, 2} if code == 22 else {code - 20}
            elif 30 <= code <= 37 or 90 <= code <= 97:
                self.fg = PALETTE[code - 30 if code < 90 else code - 82]
            elif 40 <= code <= 47 or 100 <= code <= 107:
                self.bg = PALETTE[code - 40 if code < 100 else code - 92]
            elif code == 39:
                self.fg = None
            elif code == 49:
                self.bg = None

    def set_long(self, code, codes):
        kind = codes.pop(0) if codes else 0
        if kind == 5:
            colour = indexed(codes.pop(0))
        else:
            colour = "#" + "".join(f"{codes.pop(0):02x}" for _ in range(3))
        if code == 38:
            self.fg = colour
        else:
            self.bg = colour

    def look(self):
        """(foreground, background or None, flags): equal for equal looks."""
        fg, bg = self.fg or FOREGROUND, self.bg
        if 7 in self.flags:
            fg, bg = bg or BACKGROUND, fg
        return fg, bg, frozenset(self.flags - {7})


def columns_of(char):
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def stretches(line, style):
    """Yields (column, columns, text, look) for runs of cells that look alike."""
    column, start, text, look, graphics = 0, 0, "", None, False
    for token in re.findall(r"\x1b\[[0-9;:]*m|\x1b[()][0-9A-Z]|[\x0e\x0f]|.", line):
        if token.startswith("\x1b["):
            style.take(token[2:-1])
            continue
        if token[0] in "\x1b\x0e\x0f":
            graphics = token == "\x0e" or token == "\x1b(0"
            continue
        if graphics:
            token = token.translate(DEC_GRAPHICS)
        apart = text and (is_shape(token) or is_shape(text[0]))
        if apart and text[0] == token and token in REPEATED:
            apart = False
        if text and (apart or style.look() != look):
            yield start, column - start, text, look
            text = ""
        if not text:
            start, look = column, style.look()
        text += token
        column += columns_of(token)
    if text:
        yield start, column - start, text, look


def is_shape(char):
    return char in EIGHTHS or char in SHADES or char in LINES


def rectangle(x, y, width, height, colour, opacity=1):
    fade = f' fill-opacity="{opacity:g}"' if opacity < 1 else ""
    return f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" fill="{colour}"{fade}/>'


def draw_shapes(text, x, y, colour):
    """A shape, or the same one of REPEATED several times."""
    char, width = text[0], CELL_W * len(text)
    if char in EIGHTHS:
        # half a point more, so that no seam shows before the next shape
        return rectangle(x, y + 2, width * EIGHTHS[char] + 0.5, CELL_H - 4, colour)
    if char in SHADES:
        return rectangle(x, y + 2, width, CELL_H - 4, colour, SHADES[char])
    middle_x, middle_y = x + width / 2, y + CELL_H / 2
    ends = {"l": (x, middle_y), "r": (x + width, middle_y), "u": (middle_x, y), "d": (middle_x, y + CELL_H)}
    paths = " ".join(
        f"M{middle_x:.2f} {middle_y:.2f}L{ends[arm][0]:.2f} {ends[arm][1]:.2f}" for arm in LINES[char]
    )
    return f'<path d="{paths}" stroke="{colour}" stroke-width="1"/>'


def draw_text(text, x, y, columns, look):
    fg, _, flags = look
    extra = ""
    if 1 in flags:
        extra += ' font-weight="bold"'
    if 2 in flags:
        extra += ' fill-opacity="0.6"'
    if 3 in flags:
        extra += ' font-style="italic"'
    if 4 in flags:
        extra += ' text-decoration="underline"'
    length = columns * CELL_W
    return (
        f'<text x="{x:.2f}" y="{y + CELL_H * 0.74:.2f}" textLength="{length:.2f}" '
        f'lengthAdjust="spacingAndGlyphs" fill="{fg}"{extra}>{escape(text)}</text>'
    )


def draw_line(line, row, style):
    y = TITLE_H + MARGIN + row * CELL_H
    for column, columns, text, look in stretches(line, style):
        x = MARGIN + column * CELL_W
        if look[1]:
            yield rectangle(x, y, columns * CELL_W, CELL_H, look[1])
        if is_shape(text[0]):
            yield draw_shapes(text, x, y, look[0])
        elif text.strip():
            lead = len(text) - len(text.lstrip())
            kept = text.strip()
            width = sum(map(columns_of, kept))
            yield draw_text(kept, x + lead * CELL_W, y, width, look)


def main():
    columns, rows, title = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    width = columns * CELL_W + 2 * MARGIN
    height = rows * CELL_H + 2 * MARGIN + TITLE_H
    lines = sys.stdin.read().split("\n")[:rows]
    style = Style()
    print(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" font-family={quoteattr(FONT)} '
        'font-size="14" xml:space="preserve" role="img">'
    )
    print(f"<title>{escape(title)}</title>")
    print(f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>')
    print(f'<path d="M0 {TITLE_H}V8a8 8 0 0 1 8-8H{width - 8:.0f}a8 8 0 0 1 8 8V{TITLE_H}Z" fill="{FRAME}"/>')
    print(
        f'<text x="{width / 2:.0f}" y="{TITLE_H * 0.66:.0f}" text-anchor="middle" '
        f'fill="{PALETTE[8]}">{escape(title)}</text>'
    )
    for row, line in enumerate(lines):
        for element in draw_line(line, row, style):
            print(element)
    print("</svg>")


if __name__ == "__main__":
    main()
