"""The style sheet of the HTML page: the same colours as the picture's, on light and on dark, and in print."""

from __future__ import annotations

from collections.abc import Mapping

from asyncmodes.exports.svg import DARK, LIGHT


def _colors(theme: Mapping[str, str], page: str, shade: str) -> str:
    named = ";".join(f"--{name or 'text'}:{value}" for name, value in theme.items())
    return f":root{{{named};--page:{page};--shade:{shade}}}"


CSS = (
    _colors(LIGHT, "#ffffff", "#f2f4f6")
    + f"@media(prefers-color-scheme:dark){{{_colors(DARK, '#0d1117', '#1b222c')}}}"
    + """
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,sans-serif}
main{max-width:72rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}h2 small{font-weight:400}
section p,h1+p{margin:0 0 .4rem;opacity:.8}
.axis,ol li,.flying{display:grid;grid-template-columns:minmax(4rem,11rem) 1fr 10rem;gap:.6rem;align-items:center}
.axis{position:sticky;top:0;background:var(--page);z-index:2;padding:.8rem .3rem 0}
.axis div{position:relative;height:1.6rem;border-bottom:1px solid var(--text)}
.axis i{position:absolute;font-style:normal;font-size:.8rem;border-left:1px solid;padding-left:.2rem;white-space:nowrap}
ol{list-style:none;margin:0;padding:0}
ol li{position:relative;padding:1px .3rem;border-radius:4px}
ol b,.flying b{font-weight:400;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;unicode-bidi:isolate}
em{font-style:normal;font-size:.85rem;font-variant-numeric:tabular-nums;white-space:nowrap}
.gap{display:block;opacity:.7;font-size:.85rem;padding-left:12rem}
.track{position:relative;height:1.15rem;background:var(--shade);border-radius:2px}
.track i,.legend i{min-width:2px;height:100%;background:var(--cyan)}
.track i{position:absolute}
.legend i{display:inline-block;width:1.6rem;height:.8rem}
i.wait{background:none;background-image:linear-gradient(90deg,var(--text) 2px,transparent 2px);background-size:8px 2px;
background-repeat:repeat-x;background-position:0 50%;opacity:.45}
i.needs{background:none;border-top:2px solid var(--text);opacity:.3;height:0!important;top:50%}
i.failed,i.timed_out{background:var(--red)}i.cancelled{background:var(--magenta)}
i.orphan{background:repeating-linear-gradient(45deg,var(--yellow) 0 4px,transparent 4px 7px)}
.track u{position:absolute;transform:translateX(-100%);text-decoration:none;font-weight:700;line-height:1.15rem;
color:var(--page);padding-right:2px}
.track s{position:absolute;top:-2px;bottom:-2px;border-left:2px solid var(--text)}
.tip{display:none;position:absolute;left:11rem;right:1rem;top:100%;z-index:3;padding:.4rem .7rem;border-radius:4px;
background:var(--text);color:var(--page);overflow-wrap:anywhere}
li:hover,li:focus{background:var(--shade)}li:hover>.tip,li:focus>.tip{display:block}
li:focus{outline:2px solid var(--cyan)}li:focus>.tip{z-index:4}
.flying{padding:1px .3rem}.flying svg{width:100%;height:1.6rem;display:block}.flying path{fill:var(--cyan);opacity:.5}
.legend{font-size:.85rem}.legend span{margin-right:1.4rem;white-space:nowrap}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .7rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--shade)}
th:first-child,td:first-child{text-align:left}ul{margin:.2rem 0;padding-left:1.2rem}li{overflow-wrap:anywhere}
@media(max-width:44rem){.axis,ol li,.flying{grid-template-columns:5rem 1fr}em{grid-column:2}.tip{left:0}
.axis i:last-child{transform:translateX(-100%);border-left:0;border-right:1px solid;padding:0 .2rem 0 0}
.gap{padding-left:6rem}}
@media print{main{max-width:none}.axis{position:static}}
"""
)
