"""Packaging of mgdm_mmaction: what it needs, and what a wheel holds.

Metadata that never changes between releases stays here too, so that one file answers every question
about installing. ``pyproject.toml`` names the build backend and configures the linters and pytest.
"""

import os
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
PACKAGE = 'mgdm_mmaction'

REQUIRES = [
    # First release that loads checkpoints with weights_only=True, which compat.py relies on.
    'torch>=2.6',
    # open_clip and timm import it; take it from the same index as torch, or it does not load.
    'torchvision>=0.21',
    # CLIP towers, tokenizer and pretrained tags. 3.0 brought today's loading rules.
    'open_clip_torch>=3.0,<4',
    # Runner, registries, hooks. compat/ mends faults of this release; a 1.x would be another API.
    'mmengine>=0.10.7,<1',
    # Recognisers, data sets, pipelines. compat/ supplies the module that this very wheel lacks.
    'mmaction2==1.2.0',
    # CLIP checkpoints in its format, and the layer-wise learning-rate decay constructor.
    'mmpretrain>=1.2.0,<1.3',
    # Video decoding. The last release; wheels for x86-64 Linux, Windows and Intel macOS only, and
    # mmaction2 requires it by this name, so another build of it would not lift that limit.
    'decord>=0.6.0',
    # One process at a time writes the file that several mine. Oldest that has been tried.
    'filelock>=3.13',
    # HTML pages. Oldest that has been tried.
    'jinja2>=3.1',
    # Reads all videos but those of the training pipelines, as FFmpeg presents them, and writes
    # annotated ones: its wheels bring an H.264 encoder, which those of OpenCV do not. Oldest that
    # has been tried, and the first that says how a phone was held.
    'av>=14.2,<20',
    # Oldest that has been tried.
    'numpy>=1.26',
    # Worker processes of tools/data/check_videos.py: it replaces one that a decoder crashed or that
    # hangs, where the standard library's pool gives up. Pure Python; oldest that has been tried.
    'pebble>=5.0.7',
    # Counting and tables of reports. Oldest that has been tried.
    'pandas>=2.2',
    # Tables in the terminal; MMEngine requires it too. Oldest that has been tried.
    'rich>=13.9',
    # mmaction2 imports it and does not say so.
    'importlib_metadata',
    # mmengine reads `_base_ = 'mmaction::...'` with pkg_resources, which setuptools 82 removed
    # (pypa/setuptools#5174).
    'setuptools>=70.1,<82',
    # Runs our patches, and registers our classes, when MMEngine and MMAction2 are imported, so that
    # our own import does not import them. The oldest release with wheels for Python 3.13.
    'wrapt>=1.17',
]

EXTRAS = {
    # MMAction2 needs one mmcv. The light one has no compiled operators and installs in seconds.
    # mmaction2 1.2.0 refuses 2.2. Both kinds are one Python package: never install both.
    'lite': ['mmcv-lite>=2.0.1,<2.2'],
    # The full one, for those who use other models of MMAction2. Without a wheel for your torch, pip
    # compiles it: see its own installation guide, and pass --no-build-isolation.
    'full': ['mmcv>=2.0.1,<2.2'],
    # To exchange negatives as parquet; csv needs nothing. Oldest that has been tried.
    'parquet': ['pyarrow>=17'],
    # The page of tools/app.py. The only one tried: releases add and rename options often. It brings
    # FastAPI and uvicorn, which serve the page.
    'app': ['gradio>=6.31,<7'],
    # ONNX files of tools/export.py: torch writes them with onnx and onnxscript (torch 2.15 refuses
    # an older one of these), onnxruntime runs them beside PyTorch. The oldest tried; newer
    # releases of onnxruntime want Python 3.11.
    'export': ['onnx>=1.19.1', 'onnxscript>=0.7.2', 'onnxruntime>=1.23.2'],
    # Part-of-speech tags for tools/build_units.py: the only one tried.
    'units': ['textblob>=0.20,<0.21'],
    # `make docs`: the API from docstrings, pages in Markdown, the theme. The oldest tried; from 8.2
    # on, Sphinx wants Python 3.11.
    'docs': ['sphinx>=8.1', 'myst-parser>=4.0', 'furo>=2024.8.6'],
    # Curves of `--vis tensorboard`. Oldest that has been tried.
    'tensorboard': ['tensorboard>=2.21'],
    # What `make test` and `make lint` run. The formatter's output changes between minor releases;
    # transformers is the reference that Hugging Face's CLIP weights are compared with.
    'test': [
        'pytest>=8',
        'pytest-xdist>=3.8',
        'ruff>=0.17,<0.18',
        # Reads back what `--vis tensorboard` wrote.
        'tensorboard>=2.21',
        'transformers',
        'pyarrow>=17',
        # Opens the page of tools/inspect_negatives.py in Chromium, where there is one. Oldest that
        # has been tried.
        'selenium>=4.51',
        # Serves the page of tools/app.py.
        'gradio>=6.31,<7',
        # Write and run ONNX, as `export` does.
        'onnx>=1.19.1',
        'onnxscript>=0.7.2',
        'onnxruntime>=1.23.2',
        # Tags sentences, as `units` does.
        'textblob>=0.20,<0.21',
        # Builds the site, as `docs` does.
        'sphinx>=8.1',
        'myst-parser>=4.0',
        'furo>=2024.8.6',
        # Run the notebook. Tried: 0.11 and 7.4, which wants Python 3.11.
        'nbclient>=0.11',
        'ipykernel>=7',
    ],
}


class BuildWithMim(build_py):
    """Put configs, tools and model index into the package, where OpenMMLab's MIM expects them.

    A wheel gets copies under ``mgdm_mmaction/.mim``. An editable install gets links, so that both
    kinds of installation find ``.mim/configs`` in the same place.
    """

    FOLDERS = ('configs', 'tools')
    INDEX = 'model-index.yml'

    def run(self) -> None:
        """Build the modules, then add the folders and the index."""
        if getattr(self, 'editable_mode', False):
            super().run()
            self._link(ROOT / PACKAGE / '.mim')
            return
        # setuptools keeps build/lib from one build to the next: without this, a module that was
        # deleted since would still be shipped.
        target = Path(self.build_lib) / PACKAGE
        shutil.rmtree(target, ignore_errors=True)
        super().run()
        # The face of benchmarks/, which a wheel does not hold.
        ignore = shutil.ignore_patterns('__pycache__', '*.pyc', 'dev', 'benchmark.py')
        for name in self.FOLDERS:
            shutil.copytree(ROOT / name, target / '.mim' / name, ignore=ignore)
        shutil.copyfile(ROOT / self.INDEX, target / '.mim' / self.INDEX)

    def _link(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        for name in (*self.FOLDERS, self.INDEX):
            link, source = folder / name, ROOT / name
            if link.is_symlink() or link.is_file():
                link.unlink()
            elif link.exists():
                shutil.rmtree(link)
            try:
                link.symlink_to(Path(os.pardir, os.pardir, name), source.is_dir())
            except OSError:  # Windows without the right to make links
                copy = shutil.copytree if source.is_dir() else shutil.copyfile
                copy(source, link)


def read_version() -> str:
    """Return ``__version__`` without importing the package, whose requirements may be missing."""
    scope: dict = {}
    exec((ROOT / PACKAGE / 'version.py').read_text(encoding='utf-8'), scope)
    return scope['__version__']


def read_readme() -> str:
    """Return the text of the project's page, empty while there is none."""
    path = ROOT / 'README.md'
    return path.read_text(encoding='utf-8') if path.exists() else ''


setup(
    name='mgdm-mmaction',
    version=read_version(),
    description='Action recognition with CLIP and mined hard-negative labels (MGDM), for MMAction2',
    long_description=read_readme(),
    long_description_content_type='text/markdown',
    author='The mgdm_mmaction authors',
    license='Apache-2.0',
    license_files=['LICENSE'],
    keywords='action recognition, video, CLIP, hard negatives, MMAction2',
    classifiers=[
        'Development Status :: 4 - Beta',
        'Intended Audience :: Science/Research',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
    # mmengine 0.10.7 calls pkgutil.find_loader, which Python 3.14 removed.
    python_requires='>=3.10,<3.14',
    packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
    package_data={
        PACKAGE: [
            'text/label_maps/*.txt',
            'units/data/*',
            'clip/model_configs/*.json',
            'graph/data/*.csv',
            'visualization/templates/*',
        ],
    },
    include_package_data=False,
    install_requires=REQUIRES,
    extras_require=EXTRAS,
    cmdclass={'build_py': BuildWithMim},
    zip_safe=False,
)
