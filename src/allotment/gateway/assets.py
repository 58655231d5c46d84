"""Style, scripts and icons: bytes held in memory, cached by browsers for good because addresses carry a digest."""

from starlette.requests import Request
from starlette.responses import Response

from allotment.web.assets import asset


async def serve_asset(request: Request) -> Response:
    """Serve one asset of the design system."""
    found = asset(request.path_params["path"])
    if found is None:
        return Response("There is no such file.", status_code=404, media_type="text/plain")
    is_style = request.path_params["path"].endswith(".css")
    headers = found.headers(found.etag if is_style else request.query_params.get("v", ""))
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(found.body, media_type=found.content_type, headers=headers)
