# make demo | test | docs | readme | export | clean
PYTHON  ?= $(shell for p in python3.11 python3; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
WORKERS ?= $(shell nproc 2>/dev/null || echo 2)
BIN := .venv/bin
# so that the console scripts, and what they start, find the venv's tools
export PATH := $(CURDIR)/$(BIN):$(PATH)

demo: $(BIN)/.installed
	midi_rae_demo

# one thread a worker: the workers share the cores
test: $(BIN)/.installed
	OMP_NUM_THREADS=1 nbdev_test --n_workers $(WORKERS) --do_print --timing

# the site, its links and anchors, and a look at it in a browser where there is one
docs: $(BIN)/.installed
	python .ci/test_docs.py && python .ci/docs.py && python .ci/smoke.py

readme: $(BIN)/.installed
	python .ci/docs.py --readme

export: $(BIN)/.installed
	nbdev_export && nbdev_clean

$(BIN)/.installed: settings.ini setup.py
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed"; exit 1; }
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install --disable-pip-version-check -e '.[dev]'
	@touch $@

clean:
	rm -rf .venv _proc _docs build dist *.egg-info

.PHONY: demo test docs readme export clean
.DEFAULT_GOAL := test
