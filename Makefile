# Two commands do everything on a fresh machine: `make practice` and `make test`.
PY := .venv/bin/python
PORT ?= 3979

.PHONY: practice test bench bench-attacks chaos format lock sbom bench-lock clean

practice: ## try Pathway in the browser, with made-up people; GRAPH=fake: with their calendars
	@tools/setup.sh
	@exec $(PY) -m bot practice --port $(PORT) $(if $(GRAPH),--graph $(GRAPH)) $(ARGS)

test: ## everything that CI runs
	@tools/setup.sh browser
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) -m pytest -n auto --maxprocesses 4 --dist worksteal $(ARGS)

bench: ## Pathway beside Microsoft's SDKs: docs/speed.md
	@tools/setup.sh
	@$(PY) bench/sdks.py $(ARGS)

bench-attacks: ## what good people notice of an attack: docs/reliability.md
	@tools/setup.sh
	@$(PY) bench/attacks.py $(ARGS)

chaos: ## killed, starved, cut off, left alone, with a table each: docs/reliability.md; ARGS="kills --kills 100"
	@tools/setup.sh
	@$(PY) -m bench.chaos $(ARGS)

format:
	@tools/setup.sh
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

lock: ## pin every dependency anew, with hashes
	@tools/setup.sh
	$(PY) -m pip install --quiet pip-tools
	CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/pip-compile --quiet --upgrade --all-extras --generate-hashes --strip-extras \
		--allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
		--output-file requirements.lock pyproject.toml
	$(PY) tools/sbom.py

sbom: ## the bill of materials of the lock: docs/sbom.cdx.json
	@tools/setup.sh
	$(PY) tools/sbom.py

bench-lock: ## pin the bench's own environments anew, with hashes
	@tools/setup.sh
	$(PY) -m pip install --quiet pip-tools
	for name in botbuilder agents teams; do CUSTOM_COMPILE_COMMAND="make bench-lock" \
		.venv/bin/pip-compile --quiet --upgrade --generate-hashes --strip-extras --allow-unsafe --no-annotate \
		--no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
		--output-file bench/requirements-$$name.txt bench/requirements-$$name.in || exit 1; done

clean:
	rm -rf .venv .bench node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
