"""A clip that goes while it is asked for."""

import pytest

from mgdm_mmaction.app.guard import Guard
from mgdm_mmaction.app.uploads import UploadFolder

# Gradio brings them.
anyio = pytest.importorskip('anyio')
httpx = pytest.importorskip('httpx')
pytest.importorskip('starlette')


@pytest.mark.parametrize('headers', [{}, {'Range': 'bytes=0-'}])
@pytest.mark.parametrize('moment', ['before the look at its size', 'before it is opened', 'never'])
def test_a_clip_that_goes_meanwhile_is_not_found(tmp_path, monkeypatch, headers, moment):
    from starlette.applications import Starlette
    from starlette.responses import FileResponse
    from starlette.routing import Route

    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    uploads = UploadFolder()
    clip = uploads.path / 'a' / 'clip.mp4'
    clip.parent.mkdir()
    clip.write_bytes(b'frames')

    async def serve(request):
        facts = None if moment == 'before the look at its size' else clip.stat()
        if moment != 'never':
            clip.unlink()
        return FileResponse(clip, stat_result=facts)

    inner = Starlette(routes=[Route('/gradio_api/{name:path}', serve)])
    guard = Guard(inner, uploads, 100, None)

    async def ask():
        transport = httpx.ASGITransport(guard, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url='http://page') as client:
            return await client.get(f'/gradio_api/file={clip}', headers=headers)

    answer = anyio.run(ask)

    if moment == 'never':
        assert answer.status_code == (206 if headers else 200)
        assert answer.content == b'frames'
        assert answer.headers['x-content-type-options'] == 'nosniff'
    else:
        assert answer.status_code in (404, 500)
        assert b'frames' not in answer.content
    uploads.close()
