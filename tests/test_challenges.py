"""Challenge pages (standards, item 33; peers, complaint 23): named as such, and nothing else is taken for one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.model import Response
from aggregator.parse import answers

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NEWS = "<html><head><title>Nieuws</title></head><body>" + "<p>Een bericht over van alles.</p>" * 1000


def challenge(body: str, status: int = 403, **headers: str) -> str | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = Response(url="https://x.example/", status=status, headers=named, content=body.encode(), date=NOW)
    return answers.challenge(response)


@pytest.mark.parametrize(
    ("maker", "body", "headers"),
    [
        ("Cloudflare", "", {"cf_mitigated": "challenge"}),
        ("Cloudflare", "<title>Just a moment...</title><script>window._cf_chl_opt={}</script>", {}),
        ("Cloudflare", "<title>Attention Required! | Cloudflare</title>Sorry, you have been blocked", {}),
        ("Cloudflare", "<script src='/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1'></script>", {}),
        ("Anubis", "<title>Making sure you&#39;re not a bot!</title>", {}),
        ("Anubis", '<link rel="stylesheet" href="/.within.website/x/xess/xess.min.css?cachebuster=1.15.2">', {}),
        ("Imperva", '<iframe src="/_Incapsula_Resource?SWUDNSAI=31">Incapsula incident ID: 1', {}),
        ("DataDome", '{"url":"https://geo.captcha-delivery.com/captcha/?initialCid=A"}', {}),
        ("AWS WAF", "", {"x_amzn_waf_action": "challenge"}),
        ("AWS WAF", "<script>window.awsWafCookieDomainList = []; window.gokuProps = {}</script>", {}),
        ("Akamai", "<title>Access Denied</title>Reference #18.2 https://errors.edgesuite.net/18.2", {}),
        ("HUMAN", '<div id="px-captcha"></div>', {}),
        ("Sucuri", "<script>sucuri_cloudproxy_js=''</script>", {}),
        ("DDoS-Guard", "<title>DDoS-Guard</title>", {}),
        ("Vercel", "", {"x_vercel_mitigated": "challenge"}),
        ("Vercel", "<title>Vercel Security Checkpoint</title>", {}),
        ("F5", "The requested URL was rejected. Please consult with your administrator.<br>Support ID: 1", {}),
        ("a check for robots", "<h1>Verify you are human</h1>", {}),
        ("a check for robots", f"<title>Checking your browser</title>{NEWS}", {}),
    ],
)
@pytest.mark.parametrize("status", [200, 202, 403, 429, 503])
def test_a_challenge_is_named_with_its_maker(maker: str, body: str, headers: dict[str, str], status: int) -> None:
    """Whatever the status, and whatever the page says: blocked, by whom, and what to do."""
    sentence = challenge(body, status, **headers)
    assert sentence
    assert sentence.startswith(f"blocked by {maker}")
    assert sentence.endswith(": ask the site to allow our User-Agent, or our address")


def test_the_title_is_quoted_as_plain_text() -> None:
    """It is what the operator would see in a browser."""
    sentence = challenge("<title>Just a moment...\x1b[31m</title>")
    assert sentence
    assert sentence.startswith('blocked by Cloudflare, which shows "Just a moment...[31m": ask')


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<h1>403 Forbidden</h1><hr>nginx",
        "<title>Access Denied</title>",
        NEWS + "<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>",  # on every page of some sites
        NEWS + "<script src='/cdn-cgi/challenge-platform/h/g/scripts/jsd/1/main.js'></script>",
        NEWS + "<p>De fraudeurs vroegen: verify you are human</p>",
        "<script src='https://js.datadome.co/tags.js'></script>",
        "<p>Cloudflare lag plat</p>",
    ],
)
def test_other_pages_are_not_taken_for_one(body: str) -> None:
    """A plain refusal, and a page that carries a maker's script or talks of such things, are what they are."""
    assert challenge(body) is None
