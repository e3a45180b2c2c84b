# The words people and CI type. `make` alone lists them.
REGION ?= us
ARGS ?=

INVENTORY := inventories/$(REGION)
# A file's tests stay together, they share what they start; files begin in the order of tests/conftest.py.
PYTEST := pytest -n auto --dist loadfile --no-loadscope-reorder
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# A run is a hundred Python processes of the same sources, which are compiled once.
unexport PYTHONDONTWRITEBYTECODE
# Named, because Ansible ignores an ansible.cfg in a folder that everybody may write to.
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg

.DEFAULT_GOAL := help
.PHONY: help rehearse plan test unit integration molecule lint sanity bench docs lock clean run-env test-env

help: ## list these words
	@echo "make WORD [REGION=us] [ARGS='more arguments for the command']"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 16

rehearse: run-env ## build REGION on an embedded AWS: no account, no bill
	env -u AWS_PROFILE -u AWS_DEFAULT_PROFILE ansible-playbook playbooks/rehearse.yml -i $(INVENTORY) $(ARGS)

plan: run-env ## list what a run would create, change and keep in REGION (reads AWS)
	ansible-playbook playbooks/plan.yml -i $(INVENTORY) $(ARGS)

test: test-env ## everything CI runs: lint, sanity, unit and integration tests, roles on machines
	@$(MAKE) --no-print-directory --jobs=2 lint sanity
	$(PYTEST) $(ARGS)

unit: test-env ## the tests that start nothing
	$(PYTEST) tests/unit $(ARGS)

integration: test-env ## the tests that run playbooks against the embedded AWS
	$(PYTEST) tests/integration $(ARGS)

molecule: test-env ## the tests that apply the roles to machines; one: ARGS=molecule/docker
	$(PYTEST) $(if $(filter molecule/%,$(ARGS)),,molecule) $(ARGS)

lint: test-env ## ruff, mypy, yamllint, ansible-lint, shellcheck, changelog
	ruff check .
	ruff format --check .
	mypy
	yamllint --strict .
	ansible-lint
	antsibull-changelog lint
	shellcheck .ci/run tests/*.sh tools/*.sh lab/nodes/recipe/*.sh lab/nodes/nvidia/*.sh lab/nodes/gpu/*

sanity: test-env ## ansible-test sanity, on a clean copy
	tests/ansible-test.sh

bench: test-env ## Cloister and Terraform side by side on the embedded AWS
	PYTHONPATH=collections python -m benchmarks $(ARGS)

docs: test-env ## write the tables of variables into the roles' READMEs
	python tools/role_variables.py

lock: ## write the Python locks anew
	tools/lock.sh

clean: ## remove what these words made
	rm -rf .venv .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache .ansible tests/output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

run-env:
	@tools/venv.sh

test-env:
	@tools/venv.sh dev
