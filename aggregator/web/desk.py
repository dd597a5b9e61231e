"""``/desk/`` over HTTP: what is asked is looked up, what is sent is done, and who may is asked first, each time.

GET changes nothing.  A form that did something is answered with a redirect, so that loading again repeats nothing; one
that comes again is refused, because it says after which deed it was made.  Nothing of it is kept by anybody, and while
the desk has no users its addresses are as empty as any other.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from aggregator.desk import editions, pages, sessions, views
from aggregator.digest.reply import anonymous
from aggregator.errors import AggregatorError
from aggregator.model import Config, Envelope, Letter, Poll
from aggregator.publish import places
from aggregator.store import Store
from aggregator.web.door import WHILE, Door, below, is_foreign
from aggregator.web.inside import LARGE, PAGE, Answer, Inside, form_of, go_to, missing, page_of, patient, told

log = logging.getLogger("aggregator")
_PATIENCE = 2.0  # seconds that an editor waits for the pages to follow
# A mail brings its own styles; nothing else of it works, and it can reach nothing.
_MAIL = {
    **PAGE,
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'",
}
_FRAMING = {"content-security-policy": f"{PAGE['content-security-policy']}; frame-src 'self'"}
_BODY = re.compile(r"(<body[^>]*>)(.*)(</body>)", re.DOTALL)
_NARROW = re.compile(r"@media \(max-width: \d+px\)")
Send = Callable[[Letter, Envelope], str]
"""Hands a mail to the relay, at once; raises AggregatorError where it cannot."""


Acted = Callable[[], Awaitable[None]]
"""Lets what readers see follow what was done; returns when it does."""
End = Callable[[Inside], Awaitable[Response]]


def routes(
    config: Callable[[], Config],
    store: Store,
    clock: Callable[[], datetime],
    polls: Callable[[], dict[str, Poll]],
    send: Send,
    acted: Acted,
) -> list[Route]:
    """With and without the path prefix of base_url, as it is when the daemon starts."""
    ends = _Ends(config, store, clock, polls, send, acted)
    found: list[tuple[str, End, End | None]] = [
        ("", ends.stories, None),
        ("story/{name}/", ends.story, ends.act),
        ("held/", ends.held, ends.let_go),
        ("log/", ends.log, None),
        ("digest/", ends.digests, None),
        ("digest/{id}/", ends.digest, ends.settle),
        ("digest/{id}/mail", ends.mail, None),
    ]
    made = [(f"/desk/{path}", ends.guarded(get, post), post is not None) for path, get, post in found]
    made += [("/desk/login", ends.login, True), ("/desk/logout", ends.logout, True), ("/desk", ends.home, True)]
    made.append(("/desk/{rest:path}", ends.guarded(ends.nothing, None), False))
    return [
        Route(f"{each}{path}", patient(config, end), methods=["GET", "POST"] if posts else ["GET"])
        for each in sorted({"", places.prefix(config())})
        for path, end, posts in made
    ]


class _Ends:
    def __init__(
        self,
        config: Callable[[], Config],
        store: Store,
        clock: Callable[[], datetime],
        polls: Callable[[], dict[str, Poll]],
        send: Send,
        acted: Acted,
    ) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._polls = polls
        self._send = send
        self._acted = acted
        self._door = Door(config, store, clock)

    # -- the door ------------------------------------------------------------------

    def guarded(self, get: End, post: End | None) -> Answer:
        """*get* for everybody who is logged in, *post* for editors with a form of theirs; for nobody else anything."""

        async def answer(request: Request) -> Response:
            config = self._config()
            if not config.desk.users:
                return missing(config, request)
            session, cookie = await self._door.who(request)
            if session is None:
                return self._ask_in(config, request)
            inside = Inside(config, session, self._clock(), request, {})
            found = await (self._post(inside, post) if post and request.method == "POST" else get(inside))
            if cookie:
                found.headers["set-cookie"] = self._door.set_cookie(cookie)
            return found

        return answer

    async def _post(self, inside: Inside, post: End) -> Response:
        """What came of a form; who did something sees what readers see of it."""
        checked = await self._checked(inside)
        if isinstance(checked, Response):
            return checked
        found = await post(checked)
        if found.status_code == HTTPStatus.SEE_OTHER:
            await asyncio.wait({asyncio.ensure_future(self._acted())}, timeout=_PATIENCE)
        return found

    async def _checked(self, inside: Inside) -> Inside | Response:
        """The form with its request, or why it is not taken."""
        config, session, request = inside.config, inside.session, inside.request
        if is_foreign(config, request):
            return page_of(pages.refused(config, session, "forged"), 403)
        form = await form_of(request, LARGE)
        if isinstance(form, Response):
            return form
        if not sessions.is_genuine(session, next(iter(form.get("token", ())), "")):
            return page_of(pages.refused(config, session, "forged"), 403)
        if not session.user.is_editor:
            return page_of(pages.refused(config, session, "role"), 403)
        return Inside(config, session, inside.now, request, form)

    def _ask_in(self, config: Config, request: Request) -> Response:
        """Who is not logged in sees the form and nothing else, whatever was asked.

        403 and not 401: that has to name a scheme (RFC 9110 §15.5.2), and for a form there is none.
        """
        if self._door.is_vouched(request):
            return page_of(pages.login(config, "", wrong="unknown"), 403)
        to = below(request.url.path.partition("/desk/")[2])
        wrong = "expired" if request.method == "POST" else ""
        return page_of(pages.login(config, to, wrong=wrong), 403)

    async def home(self, request: Request) -> Response:
        """To the stories; relative, because what stands before it is the proxy's business."""
        config = self._config()
        return RedirectResponse("desk/", 308, {**PAGE}) if config.desk.users else missing(config, request)

    async def login(self, request: Request) -> Response:
        config = self._config()
        if not config.desk.users:
            return missing(config, request)
        if request.method != "POST":
            return page_of(pages.login(config, ""))
        form = await form_of(request)
        if isinstance(form, Response):
            return form
        if is_foreign(config, request):
            return page_of(pages.refused(config, None, "forged"), 403)
        name, password, to = (next(iter(form.get(each, ())), "") for each in ("name", "password", "to"))
        name, to = name.strip()[:200], below(to)
        if not self._door.may_try(request, name):
            again = {"retry-after": str(int(WHILE.total_seconds()))}
            return page_of(pages.login(config, to, wrong="often", name=name), 429, again)
        cookie = await self._door.enter(name, password)
        if cookie is None:
            return page_of(pages.login(config, to, wrong="password", name=name), 403)
        answer = go_to(config, to)
        answer.headers["set-cookie"] = self._door.set_cookie(cookie)
        return answer

    async def logout(self, request: Request) -> Response:
        config = self._config()
        if not config.desk.users:
            return missing(config, request)
        answer = go_to(config, "login")
        if request.method != "POST":
            return answer
        session, _ = await self._door.who(request)
        form = await form_of(request)
        if isinstance(form, Response):
            return form
        genuine = session is None or sessions.is_genuine(session, next(iter(form.get("token", ())), ""))
        if is_foreign(config, request) or not genuine:
            return page_of(pages.refused(config, session, "forged"), 403)
        if session:
            await self._door.leave(session)
        answer.headers["set-cookie"] = self._door.set_cookie("", gone=True)
        return answer

    # -- looking -------------------------------------------------------------------

    async def nothing(self, inside: Inside) -> Response:
        return page_of(pages.refused(inside.config, inside.session, "missing"), 404)

    async def stories(self, inside: Inside) -> Response:
        asked = views.asked(inside.config, inside.request.query_params)
        return page_of(await self._store.read(lambda tx: views.stories(tx, inside.config, inside.session, asked)))

    async def story(self, inside: Inside) -> Response:
        return await self._story(inside, told(inside.request))

    async def _story(self, inside: Inside, said: str, status: int = 200, why: str = "") -> Response:
        config, name = inside.config, inside.request.path_params["name"]
        id = views.named(config, name)
        found = (
            await self._store.read(lambda tx: views.story(tx, config, inside.session, id, said, why)) if id else None
        )
        if isinstance(found, str):  # it was joined into that one, and so is what there is to say
            return go_to(config, f"story/{found}/?said={said}" if said else f"story/{found}/")
        return page_of(found, status) if found else await self.nothing(inside)

    async def held(self, inside: Inside, said: str = "", status: int = 200) -> Response:
        config, polls, now = inside.config, self._polls(), inside.now
        said = said or told(inside.request)
        return page_of(
            await self._store.read(lambda tx: views.held(tx, config, inside.session, polls, now, said)), status
        )

    async def log(self, inside: Inside) -> Response:
        values = inside.request.query_params
        of, before = values.get("story", ""), values.get("before", "")
        return page_of(await self._store.read(lambda tx: views.log(tx, inside.config, inside.session, of, before)))

    async def digests(self, inside: Inside) -> Response:
        config, session, now = inside.config, inside.session, inside.now
        return page_of(await self._store.write(lambda tx: views.digests(tx, config, session, now), keep=False))

    async def digest(self, inside: Inside) -> Response:
        return await self._digest(inside, told(inside.request))

    async def _digest(self, inside: Inside, said: str, status: int = 200) -> Response:
        config, session, now, id = inside.config, inside.session, inside.now, inside.request.path_params["id"]
        if all(each.id != id for each in config.digests):
            return await self.nothing(inside)
        made = await self._store.write(lambda tx: views.digest(tx, config, session, id, now, said), keep=False)
        return page_of(made, status, _FRAMING)

    async def mail(self, inside: Inside) -> Response:
        """The mail by itself, in a page that can do nothing; as wide as a telephone or as a screen."""
        config, now, id = inside.config, inside.now, inside.request.path_params["id"]
        if all(each.id != id for each in config.digests):
            return await self.nothing(inside)
        narrow = inside.request.query_params.get("width") == "360"
        markup = await self._store.write(lambda tx: views.letter(tx, config, config.digest(id), now), keep=False)
        if not markup:
            return await self.nothing(inside)
        return Response(_as_wide(markup, narrow), 200, _MAIL, media_type="text/html; charset=utf-8")

    # -- doing ---------------------------------------------------------------------

    async def act(self, inside: Inside) -> Response:
        config, id = inside.config, views.named(inside.config, inside.request.path_params["name"])
        if not inside.why():
            return await self._story(inside, "why", 422)
        if id is None:
            return await self.nothing(inside)
        wish = inside.wish()
        said = await self._store.write(lambda tx: views.do(tx, config, id, wish))
        if said != "done":
            return await self._story(inside, said, 409, inside.why())
        return go_to(config, f"story/{inside.request.path_params['name']}/?said=done")

    async def let_go(self, inside: Inside) -> Response:
        if not inside.why():
            return await self.held(inside, "why", 422)
        names, wish = inside.form.get("story", []), inside.wish()
        said = await self._store.write(lambda tx: views.let_go(tx, inside.config, names, wish))
        return go_to(inside.config, "held/?said=let") if said == "let" else await self.held(inside, said, 409)

    async def settle(self, inside: Inside) -> Response:
        config, id, act = inside.config, inside.request.path_params["id"], inside.one("act")
        if all(each.id != id for each in config.digests):
            return await self.nothing(inside)
        if not inside.why():
            return await self._digest(inside, "why", 422)
        if act == "test":
            said = await self._test(inside)
        else:
            wish, plan = inside.wish(), inside.plan()
            said = await self._store.write(lambda tx: views.settle(tx, config, config.digest(id), wish, plan))
        if said in ("let", "test", "done"):
            return go_to(config, f"digest/{id}/?said={said}")
        return await self._digest(inside, said, 409)

    async def _test(self, inside: Inside) -> str:
        """A test to the mailbox of who asks for it, and to no other."""
        config, now, to = inside.config, inside.now, inside.session.user.email
        digest = config.digest(inside.request.path_params["id"])
        if not to:
            return "nobody"
        if not await self._store.read(lambda tx: views.is_current(tx, digest, inside.wish())):
            return "stale"
        found = await self._store.write(lambda tx: views.trial(tx, config, digest, to, now), keep=False)
        if found is None:
            return "nothing"
        try:
            await asyncio.to_thread(self._send, *found)
        except AggregatorError as failure:
            log.warning("desk: a test of digest %s was not sent: %s", digest.id, anonymous(str(failure), to))
            return "untested"
        await self._store.write(lambda tx: editions.note(tx, digest, "test", inside.hand()))
        return "test"


def _as_wide(markup: str, narrow: bool) -> str:
    """A mail as wide as a telephone, with what it changes there, or as a screen."""
    if not narrow:
        return markup
    small = _NARROW.sub("@media all", markup)
    return _BODY.sub(r'\1<div style="max-width:360px;margin:0 auto">\2</div>\3', small)
