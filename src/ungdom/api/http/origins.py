"""From which site a request was sent, as a browser states it: Fetch Metadata, otherwise `Origin`."""

from urllib.parse import urlsplit

from fastapi import Request


def is_same_origin(request: Request, without_origin: bool = False) -> bool:
    """Whether it was sent from a page of this service. `without_origin`: the answer for one that names no site.

    Every browser names the site of a request that changes something; a program need not.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    if origin is None:
        return without_origin
    return bool(origin) and urlsplit(origin).netloc == request.headers.get("host")
