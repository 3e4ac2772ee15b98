"""Pages of one file: HTML with its style and pictures inside, no script, nothing from elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

from kinestream.viz.colours import BACKGROUND, FAINT, INK

MARK = '<meta name="generator" content="Kinestream">'

STYLE = f"""
body {{ font: 15px/1.45 system-ui, sans-serif; color: {INK}; margin: 2rem auto; max-width: 62rem;
  padding: 0 1rem; background: #fff; }}
h1 {{ font-size: 1.6rem; margin-bottom: .2rem; }}
h2 {{ font-size: 1.15rem; margin: 2rem 0 .6rem; }}
p.lead {{ color: #666; margin-top: 0; }}
table {{ border-collapse: collapse; font-size: .9rem; }}
th, td {{ padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #eee; }}
th:first-child, td:first-child {{ text-align: left; padding-left: 0; }}
th {{ font-weight: 600; color: #555; }}
ul.findings {{ list-style: none; padding: 0; }}
ul.findings li {{ margin: .4rem 0; padding-left: 5.6rem; position: relative; }}
ul.findings b {{ position: absolute; left: 0; width: 4.8rem; text-align: center; border-radius: 3px;
  font-size: .78rem; line-height: 1.3rem; color: #fff; }}
b.error {{ background: #a31515; }}
b.warning {{ background: #9a5b00; }}
b.note {{ background: #4a6a86; }}
table.bars {{ width: 100%; table-layout: fixed; }}
table.bars td {{ width: 10rem; overflow-wrap: anywhere; }}
table.bars td:first-child {{ width: 12rem; }}
table.bars td.bar {{ text-align: left; width: auto; padding-right: 0; }}
td.bar div {{ height: .8rem; min-width: 1px; }}
img {{ max-width: 100%; display: block; margin: .4rem 0 1.2rem; }}
svg {{ display: block; }}
figure {{ margin: 0 0 1.2rem; }}
figcaption {{ color: #555; font-size: .9rem; }}
.key span {{ display: inline-block; margin: 0 1rem .2rem 0; white-space: nowrap; font-size: .85rem; }}
.key i {{ display: inline-block; width: .8rem; height: .8rem; margin-right: .3rem;
  vertical-align: -1px; background: {BACKGROUND}; outline: 1px solid {FAINT}33; }}
"""


def page(title: str, lead: str, sections: Iterable[str]) -> str:
    """A whole page; ``title`` and ``lead`` are plain text, sections are HTML made here."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{MARK}\n'
        f'<meta http-equiv="Content-Security-Policy" '
        f"content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<h1>{text(title)}</h1>\n<p class="lead">{text(lead)}</p>\n'
        + "\n".join(part for part in sections if part)
        + "\n</body>\n</html>\n"
    )


def text(value: object) -> str:
    """Any value as text that no browser reads as HTML; control characters are replaced."""
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value))
    return escape(line, quote=True)


def section(heading: str, *parts: str) -> str:
    """A heading and HTML under it."""
    return f"<section>\n<h2>{text(heading)}</h2>\n" + "\n".join(parts) + "\n</section>"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of plain values; numbers stand on the right."""
    top = "".join(f"<th>{text(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{text(cell)}</td>" for cell in row) + "</tr>\n" for row in rows
    )
    return f"<table>\n<tr>{top}</tr>\n{body}</table>"


def bars(rows: Iterable[tuple[str, str, float, str]]) -> str:
    """A table of bars: name, number as it is shown, length from 0 to 1, colour."""
    body = "".join(
        f"<tr><td>{text(name)}</td><td>{text(number)}</td><td class=bar>"
        f'<div style="width:{100 * min(max(length, 0.0), 1.0):.1f}%;background:{colour}"></div>'
        f"</td></tr>\n"
        for name, number, length, colour in rows
    )
    return f'<table class="bars">\n{body}</table>'


def picture(png: bytes, caption: str) -> str:
    """A PNG inside the page, with a caption that also is its description."""
    data = base64.b64encode(png).decode()
    return (
        f'<figure><figcaption>{text(caption)}</figcaption><img alt="{text(caption)}" '
        f'src="data:image/png;base64,{data}"></figure>'
    )


def strip(parts: Iterable[tuple[float, float, str, str]], caption: str) -> str:
    """A coloured strip: for each part its start and end from 0 to 1, colour and name."""
    width = 960
    drawn = "".join(
        f'<rect x="{start * width:.1f}" width="{max((end - start) * width, 0.5):.1f}" height="16" '
        f'fill="{colour}"><title>{text(name)}</title></rect>'
        for start, end, colour, name in parts
    )
    return (
        f"<figure><figcaption>{text(caption)}</figcaption>"
        f'<svg viewBox="0 0 {width} 16" width="100%" height="16" preserveAspectRatio="none" '
        f'role="img" aria-label="{text(caption)}">{drawn}</svg></figure>'
    )


def key(entries: Iterable[tuple[str, str]]) -> str:
    """What colours stand for: name and colour of each."""
    return (
        '<p class="key">'
        + "".join(
            f'<span><i style="background:{colour}"></i>{text(name)}</span>'
            for name, colour in entries
        )
        + "</p>"
    )


def trace(low: Sequence[float], high: Sequence[float], caption: str) -> str:
    """A band between two rows of numbers of one length, with its range in the caption."""
    width, height = 960, 60
    least, most = min(low), max(high)
    span = (most - least) or 1.0
    places = [
        (k * width / max(len(low) - 1, 1), height - (value - least) / span * height)
        for k, value in [*enumerate(high), *reversed(list(enumerate(low)))]
    ]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    caption = f"{caption}, {least:.3g} to {most:.3g}"
    return (
        f"<figure><figcaption>{text(caption)}</figcaption>"
        f'<svg viewBox="0 0 {width} {height}" width="100%" height="{height}" role="img" '
        f'preserveAspectRatio="none" aria-label="{text(caption)}"><polygon points="{points}" '
        f'fill="#0072B2" stroke="#0072B2" stroke-width="0.6"/></svg></figure>'
    )
