"""The root: to the list of today for whoever has signed in, a first visit for a newcomer, else the documentation."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from ungdom.web.page import browser_of, is_page
from ungdom.web.places import first_place
from ungdom.web.sign_in import sign_in_answer

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(request: Request) -> Response:
    """Where a browser begins. A client that does not ask for HTML is sent to the documentation."""
    if not is_page(request.scope):
        return RedirectResponse("/docs")
    browser = browser_of(request)
    if browser is not None:
        return RedirectResponse(first_place(browser.session.role).path, 303)
    return sign_in_answer(request, "home.html")
