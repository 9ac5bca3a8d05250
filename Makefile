# Everything a newcomer needs: `make demo` and `make test` install by themselves. `make help` lists all.

PYTHON   ?= python3
VENV     ?= .venv
PIP_ARGS ?=
# One more than cores, because tests wait for processes. nproc would say OMP_NUM_THREADS.
JOBS     ?= $(shell n=$$(env -u OMP_NUM_THREADS nproc 2>/dev/null || echo 2); echo $$((n < 8 ? n + 1 : 8)))
ARGS     ?=

BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# A file goes to one process: its tests share what they set up.
PYTEST := $(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile --no-loadscope-reorder

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install headless demo test lint format docs wheel size clean
.DELETE_ON_ERROR:

help:
	@echo 'make demo     install, then mine, train and test MGDM on a small data set made here'
	@echo 'make test     install, then run every test, the slow ones first'
	@echo 'make lint     check the code, its formatting and its docstrings'
	@echo 'make format   format the code and apply what the linter can fix'
	@echo 'make docs     build the documentation as a site into build/docs, warnings being errors'
	@echo 'make wheel    build the wheel into dist/'
	@echo 'make size     count the lines of the package, its folders and the tests'
	@echo 'make install  only install, into $(VENV)'
	@echo 'make clean    delete $(VENV), build/ and dist/'
	@echo
	@echo 'Variables, as in `make test PYTHON=python3.12`:'
	@echo '  PYTHON    Python 3.10 to 3.13 that the environment is made with (now: $(PYTHON))'
	@echo '  VENV      folder of the environment (now: $(VENV))'
	@echo '  PIP_ARGS  more arguments for pip install, such as the index of the CPU-only wheels of'
	@echo '            torch, or -c FILE with versions to keep to'
	@echo '  JOBS      tests that run at the same time, up to 2 GB each (now: $(JOBS))'
	@echo '  ARGS      more arguments for the command of `make demo`, or for pytest in `make test`'

install: $(STAMP)

# Done once, and again when a requirement changes.
$(STAMP): setup.py pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null \
	  || { echo 'error: `$(PYTHON)` is missing, or not Python 3.10 to 3.13; name another one: make PYTHON=python3.12' >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo 'error: `$(PYTHON)` cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv' >&2; exit 2; }
	@echo 'Installing into $(VENV) (once; a few minutes, 1 to 8 GB, most of it PyTorch) ...'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq $(PIP_ARGS) -e '.[lite,test]'
	@$(MAKE) -s headless
	@touch $@
	@echo 'Installed.'

# The OpenCV that MMAction2 asks for needs the system's graphics libraries, which a server or a
# container may lack. Its headless build does the same for us.
headless:
	@$(BIN)/python -c 'import cv2' 2>/dev/null || { \
	  echo 'OpenCV does not load here (no graphics libraries): taking its headless build ...'; \
	  $(BIN)/python -m pip uninstall -qq -y opencv-python opencv-contrib-python; \
	  $(BIN)/python -m pip install -qq $(PIP_ARGS) opencv-contrib-python-headless; \
	  $(BIN)/python -c 'import cv2'; }

demo: $(STAMP)
	$(BIN)/python tools/toy_demo.py $(ARGS)

test: $(STAMP)
	$(PYTEST) $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMP)
	$(BIN)/python -m sphinx -W --keep-going -q docs build/docs
	@echo 'Open build/docs/index.html'

wheel: $(STAMP)
	$(BIN)/python -m pip wheel -qq --no-deps --wheel-dir dist .
	@ls -l dist/*.whl

size: $(STAMP)
	@$(BIN)/python benchmarks/size.py

clean:
	rm -rf $(VENV) build dist *.egg-info
