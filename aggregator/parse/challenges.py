"""Pages that stand where news should be, because the site takes us for a robot of the bad kind.

Asked only about an answer that cannot be read or has an error status, never about one that can: the same scripts are on
many a page that is fine.  A header or a mark that is its maker's own names the maker; words that anybody may write
count in a title only, or where there is little else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from aggregator.model import Response

_SOMEBODY = "a check for robots"
_HEADERS: Mapping[tuple[str, str], str] = {
    ("cf-mitigated", "challenge"): "Cloudflare",
    ("x-vercel-mitigated", "challenge"): "Vercel",
    ("x-vercel-mitigated", "deny"): "Vercel",
    ("x-amzn-waf-action", "challenge"): "AWS WAF",
    ("x-amzn-waf-action", "captcha"): "AWS WAF",
}
_MARKS: Mapping[str, str] = {
    "Cloudflare": (
        r"<title>just a moment\.\.\.|attention required! \| cloudflare|cf[-_]chl[-_]"
        r"|/cdn-cgi/challenge-platform/(?!(?:h/\w+/)?scripts/)|enable javascript and cookies to continue"
    ),
    "Anubis": r"/\.within\.website/x/|<title>making sure you(?:'|&#0?39;|\u2019)re not a bot",
    "Imperva": r"_incapsula_resource|incapsula incident id",
    "DataDome": r"\bcaptcha-delivery\.com",
    "AWS WAF": r"\bawswafcookiedomainlist|\bgokuprops\b|\btoken\.awswaf\.com",
    "Akamai": r"\berrors\.edgesuite\.net|\bbm-verify=",
    "HUMAN": r"\bpx-captcha|\b_pxappid\b",
    "Sucuri": r"sucuri_cloudproxy_js|<title>sucuri website firewall",
    "DDoS-Guard": r"<title>ddos-guard|/\.well-known/ddos-guard/",
    "Vercel": r"<title>vercel security checkpoint",
    "F5": r"the requested url was rejected\. please consult with your administrator",
}
_WORDS = (
    r"checking (?:if the site connection is secure|your browser)|verify(?:ing)? (?:that )?you are (?:a )?human"
    r"|are you a robot\?|prove (?:that )?you are human|complete the captcha"
)
_MARK = re.compile("|".join(f"(?P<m{number}>{mark})" for number, mark in enumerate(_MARKS.values())), re.IGNORECASE)
_MAKERS = tuple(_MARKS)
_WEAK = re.compile(_WORDS, re.IGNORECASE)
_WEAK_TITLE = re.compile(rf"<title\b[^>]{{0,200}}>[^<]{{0,300}}(?:{_WORDS})", re.IGNORECASE)
_LITTLE = 20_000  # characters


def maker(response: Response, head: str) -> str | None:
    """Who stands in our way, None when nobody does that we know; *head* is how the body begins."""
    for (name, value), maker in _HEADERS.items():
        if response.headers.get(name, "").lower() == value:
            return maker
    if found := _MARK.search(head):
        return _MAKERS[int((found.lastgroup or "m0")[1:])]
    weak = _WEAK if len(head) < _LITTLE else _WEAK_TITLE
    return _SOMEBODY if weak.search(head) else None
