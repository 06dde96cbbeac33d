"""The page on which a hole is drawn, for this machine alone: `inpaintlib serve`.

It listens on the loopback interface. A request must name this machine as its host and, from a page, come from this very
page, so that no other site that is open in the browser can use it. Uploads are bounded, and read as `il.inpaint` reads
a file; nothing is kept.
"""

import socket
import tempfile
from collections.abc import Sequence
from threading import Lock

import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from torch import nn

from inpaintlib.drawing import HERE, SCRIPT
from inpaintlib.errors import InputError
from inpaintlib.image_io import png
from inpaintlib.inpainting import inpaint, network
from inpaintlib.pictures import Photograph

HOST = "127.0.0.1"
UPLOAD = 64 * 2**20
"""Bytes of a request at most."""
FILES = {"/": "page.html", "/canvas.css": "canvas.css", "/on_a_page.js": "on_a_page.js"}
POLICY = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def application(models: Sequence[str], profile: str | None = None, device: str = "auto") -> Starlette:
    """The page and what answers it. Raises InputError where a network is not there."""
    desk = _Desk({name: network(name, profile, device) for name in models})
    routes = [Route(path, _file(name)) for path, name in FILES.items()]
    routes += [
        Route("/canvas.js", lambda _: Response(SCRIPT, media_type="text/javascript", headers=POLICY)),
        Route("/models", lambda _: JSONResponse(list(desk.networks), headers=POLICY)),
        Route("/photograph", desk.photograph, methods=["POST"]),
        Route("/fill", desk.fill, methods=["POST"]),
    ]
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
    return Starlette(routes=routes, middleware=[hosts])


def serve(models: Sequence[str], port: int, profile: str | None = None, device: str = "auto") -> None:
    """Answer until interrupted. Raises InputError where a network is not there or the port is taken."""
    made = application(models, profile, device)
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
            listening.listen()
        except (OSError, OverflowError):
            raise InputError(f"Port {port} cannot be listened on; give another with --port, 0 for any.") from None
        print(f"Draw a hole at http://{HOST}:{listening.getsockname()[1]}/ (Ctrl-C ends it)", flush=True)
        settings = uvicorn.Config(made, log_level="warning", limit_concurrency=16)
        uvicorn.Server(settings).run(sockets=[listening])


class _Desk:
    """Networks that one request at a time may use."""

    def __init__(self, networks: dict[str, nn.Module]) -> None:
        self.networks, self.busy = networks, Lock()

    async def photograph(self, request: Request) -> Response:
        """A photograph as the browser may show it: upright, as PNG, whatever its file was."""
        return await self._answered(request, lambda form: png(_read(form["photo"]).seen))

    async def fill(self, request: Request) -> Response:
        """The photograph filled by one network, as PNG."""
        return await self._answered(request, self._filled)

    def _filled(self, form: dict[str, bytes]) -> bytes:
        name = form["model"].decode(errors="replace")
        if name not in self.networks:
            raise InputError(f"There is no network {name!r} here; choose {', '.join(self.networks)}.")
        photograph, mask = _read(form["photo"]), _read(form["mask"]).pixels
        with self.busy:
            return png(inpaint(photograph.seen, Image.fromarray(mask), self.networks[name]))

    async def _answered(self, request: Request, answer) -> Response:
        origin = request.headers.get("origin")
        if origin and origin != f"http://{request.headers['host']}":
            return _refused("Only the page that this program serves may ask it.", 403)
        if int(request.headers.get("content-length") or UPLOAD + 1) > UPLOAD:
            return _refused(f"A request may have {UPLOAD // 2**20} MiB at most, and must say its length.", 413)
        try:
            async with request.form(max_files=2, max_fields=1) as form:
                parts = {key: await _bytes(part) for key, part in form.items()}
            picture = await run_in_threadpool(answer, parts)
        except InputError as error:
            return _refused(str(error), 400)
        except (MultiPartException, KeyError):
            return _refused("The request lacks a part; it is a form of photo, mask and model.", 400)
        return Response(picture, media_type="image/png", headers=POLICY)


async def _bytes(part: UploadFile | str) -> bytes:
    return part.encode() if isinstance(part, str) else await part.read()


def _read(data: bytes) -> Photograph:
    """An uploaded file, read under a temporary name, so that it meets all that files meet."""
    with tempfile.NamedTemporaryFile(prefix="upload-") as file:
        file.write(data)
        file.flush()
        try:
            return Photograph.of(file.name)
        except InputError as error:
            raise InputError(str(error).replace(file.name, "The upload")) from None


def _refused(words: str, status: int) -> Response:
    return JSONResponse({"refused": words}, status_code=status, headers=POLICY)


def _file(name: str):
    return lambda _: FileResponse(HERE / name, headers=POLICY)
