# The README's commands. `make report` and `make test` need Python >= 3.11, git and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CLUSTER := .venv-slurm
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# pip compiles 16,000 files one after another; here each core takes some, but no tests of packages. A few ship files of
# other Pythons.
COMPILE = @$(BIN)/python -m compileall -qq -j 0 -x '/tests/' $(VENV)/lib || true

.PHONY: report cluster test test-slurm benchmark benchmark-gpu benchmark-around benchmark-scale benchmark-slurm benchmark-small chaos gallery mutants lint format lock clean

report: $(VENV)/.installed ## train, probe and report the study of config.yaml
	$(BIN)/snakemake --cores 4 --resources gpu=1
	@PYTHONIOENCODING=:replace PYTHONPATH=workflow/scripts $(BIN)/python -c "from pathlib import Path; from actbench.storage import yaml_files; print('Report:', Path('reports', yaml_files.read('config.yaml').get('study', 'digits') + '.html').resolve())"

cluster: $(VENV)/.installed ## add what profiles/slurm needs, for users of a SLURM cluster
	$(BIN)/pip install --quiet --require-hashes -r requirements-cluster.txt

test: $(VENV)/.installed-dev | .cff ## run every test that needs nothing but this machine; a thread each, and three at a time, since some wait
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadfile

test-slurm: ## run a study on a real SLURM of two virtual nodes (8 minutes; as root, on Debian)
	@if tests/slurm/install; then $(MAKE) --no-print-directory $(CLUSTER)/.installed && $(CLUSTER)/bin/python -m pytest --slurm -rs tests/slurm; fi

benchmark: $(VENV)/.installed ## an epoch on this CPU in several ways, side by side, as ratios (5 minutes); writes docs/benchmark.*
	PYTHONPATH=workflow/scripts $(BIN)/python benchmarks/cpu.py --save docs

benchmark-gpu: ## everything about one GPU in 8 minutes; a python3 with torch, numpy, pandas, pyarrow, safetensors and pytest is enough
	PYTHONPATH=workflow/scripts $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) benchmarks/gpu.py --save docs --page docs/performance.md

benchmark-around: $(VENV)/.installed ## where the CPU time of the default study goes
	PYTHONPATH=workflow/scripts $(BIN)/python benchmarks/around.py

benchmark-scale: $(VENV)/.installed ## plan, aggregate and report made-up studies of 100, 1,000 and 10,000 networks
	rm -rf scale && PYTHONPATH=workflow/scripts $(BIN)/python benchmarks/scale.py scale

benchmark-small: $(VENV)/.installed ## small networks in blocks against the loop of commit 466686a, as ratios (5 minutes)
	PYTHONPATH=workflow/scripts $(BIN)/python benchmarks/small.py

benchmark-slurm: $(CLUSTER)/.installed ## 300 networks on such a SLURM: jobs and minutes with and without groups and arrays
	PYTHONPATH=workflow/scripts:tests $(CLUSTER)/bin/python benchmarks/slurm.py

chaos: $(VENV)/.installed-dev ## try every fault of docs/reliability.md (half an hour on 2 cores)
	$(BIN)/python -m pytest -m fault --chaos

gallery: $(VENV)/.installed-dev ## pictures for docs/gallery.md: of the default study, or of a finished report (REPORT=reports/mine.html); needs chromium
	$(if $(REPORT),,$(BIN)/snakemake --cores 4 --resources gpu=1 -- all predict verify)
	$(BIN)/python -m pytest tests/browser/test_gallery.py --gallery $(or $(REPORT),reports/digits.html)

mutants: $(VENV)/.installed-dev ## change the code of the measurements at random and see whether a test notices
	rm -rf mutants && mkdir -p mutants/src mutants/workflow
	cp -r workflow/schemas mutants/workflow/
	cp -r workflow/scripts/actbench mutants/src/ && cp -r tests mutants/ && cp tests/mutants.toml mutants/pyproject.toml
	cd mutants && OMP_NUM_THREADS=1 ../$(BIN)/mutmut run && ../$(BIN)/mutmut results

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff check --preview --select PLW1514 . # every read and write of text names its encoding
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint
	$(BIN)/hadolint Dockerfile

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

lock: ## pin again what pyproject.toml asks for (needs uv)
	uv pip compile --quiet --universal --generate-hashes --custom-compile-command "make lock" pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --generate-hashes --custom-compile-command "make lock" pyproject.toml --extra cluster -c requirements.txt -o requirements-cluster.txt
	uv pip compile --quiet --universal --generate-hashes --custom-compile-command "make lock" pyproject.toml --extra dev -c requirements.txt -o requirements-dev.txt

clean: ## remove the environment; results and reports stay
	rm -rf $(VENV) $(CLUSTER)

$(BIN)/pip:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'actbench needs Python 3.11 or newer; name one with: make report PYTHON=python3.12')"
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt pyproject.toml | $(BIN)/pip
	@echo "Installing PyTorch, Snakemake and the rest into $(VENV) (a few GB, once)"
	$(BIN)/pip install --quiet --no-compile --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	$(COMPILE)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt pyproject.toml | $(BIN)/pip
	@echo "Installing the environment and its test tools into $(VENV) (a few GB, once)"
	$(BIN)/pip install --quiet --no-compile --require-hashes -r requirements-dev.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	$(COMPILE)
	@touch $@ $(VENV)/.installed

# The published schema of CITATION.cff comes with cffconvert, whose own requirements contradict ours: it is unpacked alone.
.cff: | $(BIN)/pip
	@echo "cffconvert==2.0.0 --hash=sha256:573c825e4e16173d99396dc956bd22ff5d4f84215cc16b6ab05299124f5373bb" > .cff.txt
	@$(BIN)/pip install --quiet --no-deps --require-hashes --target $@ -r .cff.txt || echo "the schema of CITATION.cff could not be fetched: its test is skipped"
	@rm .cff.txt

# Beside $(VENV) and not in it: with the plugin, where SLURM's programs are and no SLURM answers, every start of
# Snakemake takes 10 s longer.
$(CLUSTER)/.installed: requirements-cluster.txt $(VENV)/.installed-dev
	$(BIN)/python -m venv --without-pip $(CLUSTER)
	$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" > "$$(echo $(CLUSTER)/lib/python*/site-packages)/beside.pth"
	$(BIN)/pip --python $(CLUSTER)/bin/python install --quiet --require-hashes -r requirements-cluster.txt
	@touch $@
