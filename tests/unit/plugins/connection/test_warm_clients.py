"""A fork finds the clients that were made for its own settings, and of others not even the keys."""

from __future__ import annotations

import typing as t
from pathlib import Path

from tests.unit.plugins.connection.test_warm_preload import in_a_server

PRELUDE = """
import gc
from ansible_collections.cloister.aws.plugins.module_utils import _clients
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_clients import ReadyClients
ready = ReadyClients()
base = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
def account(key, **more):
    return {**base, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "secret-of-" + key, **more}
def ask(service="sts", **connection):
    return [{"region": "us-west-2", "endpoint_url": None, "profile": None, "arguments": {}, **connection}, service, 12]
def prepare(environ, *asks, services=()):
    ready.learn({"environ": environ, "asks": list(asks)}, list(services))
    while ready.make_next(): pass
def in_a_fork(environ, *asks):
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        os.environ.clear()
        os.environ.update(environ)
        ready.choose(environ)
        found = []
        for connection, service, attempts in asks:
            client = _clients.clients().get(_clients.Connection(**connection), service, attempts)
            keys = client._request_signer._credentials
            found.append([keys.access_key, client.meta.endpoint_url])
        made = [ask.service for ask in _clients.clients().made]
        told = {"found": found, "made": made, "lesson": ready.lesson()}
        os.write(write_end, json.dumps(told).encode())
        os._exit(0)
    os.wait()
    return json.loads(os.read(read_end, 65536))
"""


def told(code: str) -> t.Any:
    """What the code prints, in a server that has loaded what it loads first."""
    return in_a_server(PRELUDE + code)


def test_what_a_fork_made_the_next_finds() -> None:
    code = """
first = in_a_fork(account("A"), ask())
ready.learn(first["lesson"], [])
while ready.make_next(): pass
print(json.dumps([first, in_a_fork(account("A"), ask())]))
"""
    first, second = told(code)
    assert first["made"] == ["sts"]
    assert second["made"] == []
    assert second["lesson"] == {}
    assert second["found"] == first["found"] == [["A", "https://sts.us-west-2.amazonaws.com"]]


def test_a_connection_that_is_known_is_made_ready_for_each_service_that_is() -> None:
    code = """
prepare(account("A"), ask(), services=["ec2", "iam"])
print(json.dumps(in_a_fork(account("A"), ask("iam"), ask("ec2"), ask("logs"))["made"]))
"""
    assert told(code) == ["logs"]


def test_a_fork_with_another_environment_makes_its_own() -> None:
    """Another account, renewed keys, another endpoint, another way there, or whatever else."""
    code = """
others = [account("B")] + [account("A", **more) for more in (
    {"AWS_SECRET_ACCESS_KEY": "renewed"}, {"AWS_SESSION_TOKEN": "t"}, {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
    {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9"}, {"HTTPS_PROXY": "http://127.0.0.1:9"}, {"ANYTHING": "else"})]
prepare(account("A"), ask())
print(json.dumps([[other, in_a_fork(other, ask())] for other in others]))
"""
    for environ, fork in told(code):
        assert fork["made"] == ["sts"], environ
        endpoint = environ.get("AWS_ENDPOINT_URL_STS") or environ.get("AWS_ENDPOINT_URL")
        assert fork["found"] == [[environ["AWS_ACCESS_KEY_ID"], endpoint or "https://sts.us-west-2.amazonaws.com"]]


def test_a_module_with_other_arguments_makes_its_own() -> None:
    code = """
others = [{"region": "eu-west-1"}, {"endpoint_url": "http://127.0.0.1:9"}, {"arguments": {"verify": False}},
          {"arguments": {"aws_access_key_id": "B", "aws_secret_access_key": "b"}}]
prepare(account("A"), ask())
print(json.dumps([in_a_fork(account("A"), ask(**other))["made"] for other in others]))
"""
    assert told(code) == [["sts"]] * 4


def test_a_fork_after_a_file_of_settings_was_changed_makes_its_own(tmp_path: Path) -> None:
    code = f"""
file, found = {str(tmp_path / "file")!r}, []
for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
    open(file, "w").write("[default]\\n")
    prepare(account("A", **{{name: file}}), ask())
    found.append(in_a_fork(account("A", **{{name: file}}), ask())["made"])
    open(file, "w").write("[default]\\n# and more\\n")
    found.append(in_a_fork(account("A", **{{name: file}}), ask())["made"])
print(json.dumps(found))
"""
    assert told(code) == [[], ["sts"]] * 2


def test_a_fork_lets_go_of_the_clients_and_the_keys_of_others() -> None:
    code = """
prepare(account("A"), ask())
prepare(account("B"), ask())
held = lambda: sorted({o.access_key for o in gc.get_objects() if type(o).__name__ == "Credentials"})
gc.unfreeze()
before = held()
ready.choose(account("B"))
gc.collect()
print(json.dumps([before, held(), str(vars(ready)).count("secret-of-A")]))
"""
    before, after, mentions = told(code)
    # "unused" are the keys that models are read with.
    assert before == ["A", "B", "unused"]
    assert after == ["B", "unused"]
    assert mentions == 0


def test_what_takes_more_than_keys_that_are_given_is_left_to_the_module() -> None:
    code = """
for environ, connection in (
    (base, {}), ({**base, "AWS_PROFILE": "p"}, {}), (account(""), {}), (account("A"), {"profile": "p"}),
    (account("A", AWS_DEFAULTS_MODE="auto"), {}), (account("A", AWS_CSM_ENABLED="true"), {}),
):
    prepare(environ, ask(**connection))
print(json.dumps([[ask.service for ask in clients.made] for clients in ready._made.values()]))
"""
    # The last two had to be looked at.
    assert told(code) == [[], []]


def test_keys_given_to_a_module_are_enough() -> None:
    keys = {"arguments": {"aws_access_key_id": "C", "aws_secret_access_key": "c"}}
    code = f"""
prepare(base, ask(**{keys!r}))
print(json.dumps(in_a_fork(base, ask(**{keys!r}))))
"""
    found = told(code)
    assert found["made"] == []
    assert found["found"] == [["C", "https://sts.us-west-2.amazonaws.com"]]


def test_a_client_that_cannot_be_made_hurts_nobody() -> None:
    code = """
prepare(account("A"), ask("no-such-service"), ask(endpoint_url="no url"), ask())
print(json.dumps(in_a_fork(account("A"), ask())["made"]))
"""
    assert told(code) == []


def test_a_run_that_changes_its_environment_with_every_task_does_not_grow_the_server() -> None:
    code = """
for number in range(7): prepare(account(f"A{number}"), ask())
print(json.dumps([len(ready._made), in_a_fork(account("A6"), ask())["made"]]))
"""
    assert told(code) == [4, []]


def test_making_leaves_nothing_open_and_the_servers_environment_as_it_was() -> None:
    code = """
environ = dict(os.environ)
prepare(account("A"), ask(), services=["ec2", "iam"])
after = sorted(os.listdir("/proc/self/fd"))
print(json.dumps([before, after, threading.active_count(), environ == dict(os.environ)]))
"""
    before, after, threads, same = told(code)
    assert after == before
    assert threads == 1
    assert same
