"""How charts of ours look: the house's paper, ink and letters, in light.

`phonotheque.publish.planning.picture` draws in the same way for users; this is for pages of docs.
"""

from __future__ import annotations

from typing import Any

PAPER, INK, INK_2, RULE, MARKER = "#f3f5f2", "#15181a", "#424947", "#cfd5cf", "#ffd53d"
_HOUSE = 'Archivo, system-ui, "Liberation Sans", "DejaVu Sans", sans-serif'


def svg_of(chart: Any) -> str:
    """Draw a chart of altair in the look of the house."""
    import vl_convert

    styled = (
        chart.configure(font=_HOUSE)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK_2, titleColor=INK_2, gridColor=RULE, domainColor=RULE, tickColor=RULE,
            labelFontSize=13, titleFontSize=13, titleFontWeight="normal",
        )
        .configure_title(
            color=INK, fontSize=19, fontWeight=500, subtitleColor=INK_2, subtitleFontSize=14,
            subtitlePadding=8,
        )
    )  # fmt: skip
    return str(vl_convert.vegalite_to_svg(styled.to_json()))
