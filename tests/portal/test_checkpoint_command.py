"""`glasspool checkpoint` and `compare` between two nodes of one consortium that signed two histories."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from dashboards.desk import REGULATOR, Desk
from ledger.replica import join, sync
from ledger.signed_note import Note, VerifierKey
from ledger.store import Store
from portal.app import make_app, make_public_app
from portal.cli import main
from portal.ledger_routes import ledger_routes
from portal.note_keys import ED25519_FILE, SM2_FILE
from tests.support.chains import SmallChain
from tests.support.pages import serving_pages, until
from tests.support.sources import Listed

if TYPE_CHECKING:
    from collections.abc import Iterator

FORK = 4


def history(blocks: int, told: str) -> SmallChain:
    """A chain of one consortium: the same for every teller until the fork, where each records its own."""
    chain = SmallChain()
    chain.consortium.admit(chain.operator)
    while len(chain.blocks) < blocks:
        what = told if len(chain.blocks) >= FORK else "agreed"
        chain.consortium.record(chain.operator, "coffee.spilled", {"v": 1, "told": what})
        chain.next_day()
    return chain


def follow(home: Path, chain: SmallChain, blocks: int | None = None) -> None:
    """Bring the node in ``home`` to the chain's end, or to its first so many blocks."""
    home.mkdir(exist_ok=True)
    source = Listed(chain.blocks[:blocks])
    with Store.create(home / "ledger.db") as store:
        join(store, source, genesis_hash=chain.consortium.genesis_hash, contracts=(chain.consortium.contract,))
        sync(store, source, evidence=home / "evidence", workers=0)


class Nodes:
    """Two homes, and commands run in one of them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def home(self, name: str) -> Path:
        return self.folder / name

    def run(self, name: str, *arguments: object) -> tuple[int, Any]:
        self._monkeypatch.setenv("GLASSPOOL_HOME", str(self.home(name)))
        with pytest.raises(SystemExit) as ended:
            main([*map(str, arguments), "--json"])
        code = ended.value.code
        return (code if isinstance(code, int) else 0), json.loads(self._capsys.readouterr().out)

    def people(self, name: str, *arguments: object) -> str:
        """What a person sees."""
        self._monkeypatch.setenv("GLASSPOOL_HOME", str(self.home(name)))
        with pytest.raises(SystemExit):
            main([*map(str, arguments)])
        return self._capsys.readouterr().out


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Node a and node b, who were told two histories; copied for every test."""
    folder = tmp_path_factory.mktemp("homes")
    follow(folder / "a", history(9, "one"))
    follow(folder / "b", history(11, "another"))
    return folder


@pytest.fixture
def nodes(homes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Nodes:
    shutil.copytree(homes, tmp_path / "nodes")
    return Nodes(tmp_path / "nodes", monkeypatch, capsys)


def failed(answer: Any) -> list[str]:
    return [step["code"] for step in answer["steps"] if step["verdict"] == "FAILED"]


def test_a_checkpoint_is_signed_twice_and_kept(nodes: Nodes, tmp_path: Path) -> None:
    code, told = nodes.run("a", "checkpoint", "-o", tmp_path / "a.txt", "--bundle", tmp_path / "a.json")
    assert (code, told["size"], told["height"]) == (0, 9, 8)
    note = Note.parse((tmp_path / "a.txt").read_bytes())
    keys = [VerifierKey.parse(each) for each in told["verifier_keys"]]
    assert [key.algorithm for key in note.signers(keys)] == ["SM2", "Ed25519"]
    assert told["note"] == note.text + "\n" + told["note"].split("\n\n", 1)[1]
    assert all(key.name == told["origin"] for key in keys)
    folder = nodes.home("a") / "checkpoint-keys"
    for file in (folder / SM2_FILE, folder / ED25519_FILE):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert nodes.run("a", "checkpoint")[1]["note"] == told["note"]
    shown = nodes.people("a", "checkpoint")
    assert [line for line in shown.splitlines() if line in told["verifier_keys"]] == told["verifier_keys"]


def test_two_nodes_that_agree(nodes: Nodes, tmp_path: Path) -> None:
    follow(nodes.home("c"), history(9, "one"), 6)
    _, behind = nodes.run("c", "checkpoint", "-o", tmp_path / "c.txt")
    key = behind["verifier_keys"][0]
    code, told = nodes.run("a", "compare", tmp_path / "c.txt", "--key", key)
    assert (code, told["verdict"], told["view"]) == (0, "PASSED", "behind")
    _, ahead = nodes.run("a", "checkpoint", "-o", tmp_path / "a.txt", "--bundle", tmp_path / "a.json")
    keys = ("--key", ahead["verifier_keys"][1])
    code, told = nodes.run("c", "compare", tmp_path / "a.txt", *keys)
    assert (code, told["verdict"], told["view"]) == (0, "INDETERMINATE", "unknown")
    assert nodes.run("c", "compare", tmp_path / "a.txt", *keys, "--strict")[0] == 1
    code, told = nodes.run("c", "compare", tmp_path / "a.json", *keys, "--strict")
    assert (code, told["verdict"], told["view"], told["other_size"]) == (0, "PASSED", "ahead", 9)
    assert nodes.run("a", "compare", tmp_path / "a.txt", "--strict")[1]["view"] == "same"
    assert not (nodes.home("a") / "evidence").exists()


def test_a_split_view_is_told_with_its_evidence(nodes: Nodes, tmp_path: Path) -> None:
    _, theirs = nodes.run("b", "checkpoint", "-o", tmp_path / "b.txt", "--bundle", tmp_path / "b.json")
    code, told = nodes.run("a", "compare", tmp_path / "b.json", "--key", theirs["verifier_keys"][0])
    assert (code, told["verdict"], told["view"]) == (1, "FAILED", "split-view")
    assert failed(told) == ["split-view", "fork"]
    assert told["fork"]["height"] == FORK
    with Store.open(nodes.home("a") / "ledger.db") as store:
        assert told["fork"]["block_hash"] == "0x" + store.block(FORK).hash.hex()
    with Store.open(nodes.home("b") / "ledger.db") as store:
        assert told["fork"]["other_block_hash"] == "0x" + store.block(FORK).hash.hex()
    kept = nodes.home("a") / "evidence"
    assert told["evidence"] == str(next(kept.iterdir()))
    assert sorted(each.name for each in next(kept.iterdir()).iterdir()) == ["other.txt", "own.txt", "proof.json"]
    assert (next(kept.iterdir()) / "other.txt").read_bytes() == (tmp_path / "b.txt").read_bytes()
    assert nodes.run("b", "compare", tmp_path / "b.txt")[0] == 0, "a node's own word is known to it"


def test_split_views_are_told_by_status(nodes: Nodes, tmp_path: Path) -> None:
    _, status = nodes.run("a", "status", "--offline")
    assert status["split_views"] is None
    follow(nodes.home("c"), history(10, "a third"))
    for at, other in enumerate("bc"):
        _, theirs = nodes.run(other, "checkpoint", "--bundle", tmp_path / f"{other}.json")
        _, told = nodes.run("a", "compare", tmp_path / f"{other}.json", "--key", theirs["verifier_keys"][0])
        os.utime(told["evidence"], (1_700_000_000 + at, 1_700_000_000 + at))
        _, status = nodes.run("a", "status", "--offline")
        assert (status["split_views"]["count"], status["split_views"]["newest"]) == (at + 1, told["evidence"])
    shown = status["split_views"]
    assert shown["kept_at"] == "2023-11-14T22:13:21+00:00"
    assert "consortium" in shown["next_step"]
    people = "".join(nodes.people("a", "status", "--offline").replace("│", "").split())
    assert Path(shown["newest"]).name in people


def test_what_was_tampered_with_or_signed_by_another_is_not_believed(nodes: Nodes, tmp_path: Path) -> None:
    _, theirs = nodes.run("b", "checkpoint", "-o", tmp_path / "b.txt")
    _, own = nodes.run("a", "checkpoint")
    (tmp_path / "forged.txt").write_text(theirs["note"].replace("\n11\n", "\n9\n"), "utf-8")
    (tmp_path / "junk.json").write_text("{", "utf-8")
    for file, key, code in (
        ("forged.txt", theirs["verifier_keys"][0], "note-signature"),
        ("b.txt", own["verifier_keys"][0], "note-unsigned"),
    ):
        ended, told = nodes.run("a", "compare", tmp_path / file, "--key", key)
        assert (ended, failed(told), told["view"], told["evidence"]) == (1, [code], "unknown", None)
    ended, told = nodes.run("a", "compare", tmp_path / "junk.json")
    assert (ended, told["error"]["code"]) == (1, "bundle")
    for arguments, code in (
        ((tmp_path / "nowhere.txt",), "file"),
        ((tmp_path / "b.txt", "--key", "nonsense"), "verifier-key"),
        (("http://127.0.0.1:9/",), "peer-unreachable"),
        (("http://host:port",), "peer-address"),
    ):
        ended, told = nodes.run("a", "compare", *arguments)
        assert (ended, told["error"]["code"]) == (2, code)
        assert told["error"]["next_step"]


def test_a_node_that_lost_its_database_does_not_fork_itself(nodes: Nodes) -> None:
    nodes.run("a", "checkpoint")
    (nodes.home("a") / "ledger.db").unlink()
    follow(nodes.home("a"), history(9, "one"), 7)
    ended, told = nodes.run("a", "checkpoint")
    assert (ended, told["error"]["code"]) == (1, "checkpoint-behind")
    (nodes.home("a") / "ledger.db").unlink()
    follow(nodes.home("a"), history(11, "another"))
    ended, told = nodes.run("a", "checkpoint")
    assert (ended, told["error"]["code"]) == (1, "checkpoint-forked")
    (nodes.home("a") / "ledger.db").unlink()
    follow(nodes.home("a"), history(11, "one"))
    assert nodes.run("a", "checkpoint")[1]["size"] == 11


def test_keys_may_be_encrypted_and_must_be_private(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSPOOL_KEY_PASSPHRASE", "a passphrase")
    _, told = nodes.run("a", "checkpoint")
    folder = nodes.home("a") / "checkpoint-keys"
    assert all(b"ENCRYPTED" in (folder / name).read_bytes() for name in (SM2_FILE, ED25519_FILE))
    assert nodes.run("a", "checkpoint")[1]["note"] == told["note"]
    for passphrase, code in (("wrong", "key-shape"), ("", "key-locked")):
        monkeypatch.setenv("GLASSPOOL_KEY_PASSPHRASE", passphrase)
        assert nodes.run("a", "checkpoint")[1]["error"]["code"] == code
    monkeypatch.setenv("GLASSPOOL_KEY_PASSPHRASE", "a passphrase")
    (folder / ED25519_FILE).chmod(0o640)
    ended, told_again = nodes.run("a", "checkpoint")
    assert (ended, told_again["error"]["code"]) == (2, "key-exposed")
    (folder / ED25519_FILE).unlink()
    assert nodes.run("a", "checkpoint")[1]["verifier_keys"] == told["verifier_keys"][:1]


@pytest.mark.parametrize("content", ["", "junk", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_is_no_ed25519_key(nodes: Nodes, content: str) -> None:
    nodes.run("a", "checkpoint")
    folder = nodes.home("a") / "checkpoint-keys"
    (folder / ED25519_FILE).write_text(content)
    assert nodes.run("a", "checkpoint")[1]["error"]["code"] == "key-shape"
    (folder / ED25519_FILE).write_bytes((folder / SM2_FILE).read_bytes())
    assert nodes.run("a", "checkpoint")[1]["error"]["code"] == "key-shape"


# Over HTTP


@pytest.fixture
def served(nodes: Nodes) -> Iterator[str]:
    """The address of node b."""
    with (
        Store.open(nodes.home("b") / "ledger.db") as store,
        serving_pages(
            lambda port: make_app(
                Desk(store, REGULATOR),
                host="127.0.0.1",
                port=port,
                routers=[ledger_routes(store, nodes.home("b") / "checkpoints")],
            )
        ) as port,
    ):
        yield f"http://127.0.0.1:{port}"


def test_a_node_is_asked_where_the_views_split(nodes: Nodes, served: str, tmp_path: Path) -> None:
    ended, told = nodes.run("a", "compare", served)
    assert (ended, told["error"]["code"]) == (2, "peer-status"), "nothing is signed by being asked"
    _, theirs = nodes.run("b", "checkpoint")
    key = ("--key", theirs["verifier_keys"][0])
    ended, told = nodes.run("a", "compare", served, *key)
    assert (ended, failed(told), told["fork"]["height"]) == (1, ["split-view", "fork"], FORK)
    follow(nodes.home("c"), history(11, "another"), 7)
    ended, told = nodes.run("c", "compare", served, *key, "--strict")
    assert (ended, told["view"]) == (0, "ahead")


NAME = "node-b.example"
SERVE = "import sys; from portal.cli import main; main(sys.argv[1:])"


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name service that knows node b by its public name, and nobody else."""
    real = socket.getaddrinfo

    def known(host: Any, *rest: Any, **more: Any) -> Any:
        return real("127.0.0.1" if host in (NAME, "rebound.example") else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", known)


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize("pages", [True, False], ids=["behind a proxy", "by itself"])
def test_a_node_is_compared_with_by_its_public_name(nodes: Nodes, pages: bool) -> None:
    _, theirs = nodes.run("b", "checkpoint")
    key = ("--key", theirs["verifier_keys"][0])
    with Store.open(nodes.home("b") / "ledger.db") as store:
        log = ledger_routes(store, nodes.home("b") / "checkpoints")

        def made(port: int) -> Any:
            if not pages:
                return make_public_app(log, port=port, names=[NAME])
            return make_app(Desk(store, REGULATOR), host="127.0.0.1", port=port, routers=[log], names=[NAME])

        with serving_pages(made) as port:
            ended, told = nodes.run("a", "compare", f"http://{NAME}:{port}", *key)
            assert (ended, failed(told), told["fork"]["height"]) == (1, ["split-view", "fork"], FORK)
            ended, told = nodes.run("a", "compare", f"http://rebound.example:{port}", *key)
            assert (ended, told["error"]["code"]) == (2, "peer-status")
            for path in ("/", "/api/plans", "/healthz"):
                assert httpx.get(f"http://{NAME}:{port}{path}", trust_env=False).status_code == 421
                own = httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False).status_code
                assert own == (200 if pages else 421)


def test_the_command_serves_its_log_to_others_and_no_page(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes.run("b", "checkpoint")
    monkeypatch.setenv("GLASSPOOL_PUBLIC_NAMES", NAME)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", SERVE, "serve", "--host", "0.0.0.0", "--port", str(port)]
    home = {"GLASSPOOL_HOME": str(nodes.home("b")), "COLUMNS": "200"}
    with subprocess.Popen(command, env={**os.environ, **home}, stderr=subprocess.PIPE, text=True) as node:
        try:
            assert node.stderr is not None
            said = node.stderr.readline() + node.stderr.readline()
            assert "no pages here" in " ".join(said.split()), said
            url = f"http://127.0.0.1:{port}"
            until(lambda: _answers(port))
            named, own = {"host": NAME}, {"host": f"localhost:{port}"}
            assert httpx.get(f"{url}/ledger/checkpoint", headers=named, trust_env=False).text.startswith("glasspool/")
            assert httpx.get(f"{url}/ledger/checkpoint", headers=own, trust_env=False).status_code == 421
            assert httpx.get(f"{url}/", headers=own, trust_env=False).status_code == 421
        finally:
            node.send_signal(signal.SIGINT)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_what_the_log_answers_and_refuses(nodes: Nodes, served: str) -> None:
    with httpx.Client(base_url=served, trust_env=False) as client:
        assert client.get("/ledger/checkpoint").json()["error"]["code"] == "no-checkpoint"
        assert len(client.get("/ledger/blocks", params={"start": 4}).json()["blocks"]) == 7
        assert client.get("/ledger/blocks", params={"start": 99}).json() == {"blocks": []}
        for path, query in (
            ("consistency", {"from": 0, "to": 5}),
            ("consistency", {"from": 5, "to": 4}),
            ("consistency", {"from": 5, "to": 12}),
            ("consistency", {"from": 5}),
            ("subtree", {"start": 0, "end": 1}),
            ("subtree", {"start": 1, "end": 4}),
            ("subtree", {"start": 8, "end": 12}),
            ("subtree", {"start": 8, "end": 10**18 - 1}),
            ("subtree", {"start": -1, "end": 2}),
            ("blocks", {"start": "x"}),
            ("blocks", {"begin": 1}),
        ):
            answer = client.get(f"/ledger/{path}", params=query)
            assert 400 <= answer.status_code < 500, (path, query)
        assert client.post("/ledger/checkpoint").status_code == 405


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        (b"", ["peer-answer"]),
        (b"{", ["peer-answer"]),
        (b"[]", ["peer-answer"]),
        (b'{"left":"0x00","right":"0x00","start":0,"end":2}', ["peer-answer"]),
        (b'{"from":9,"to":11,"root":"0x%s","path":["0X"]}' % (b"0" * 64), ["peer-answer"]),
        (b'{"from":9,"to":11,"root":"0x%s","path":[]}' % (b"0" * 64), ["consistency-proof"]),
        (b"x" * 300_000, []),
    ],
)
def test_a_node_that_answers_something_else(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch, answer: bytes, codes: list[str]
) -> None:
    _, theirs = nodes.run("b", "checkpoint")

    def reply(request: httpx.Request) -> httpx.Response:
        content = theirs["note"].encode() if "checkpoint" in request.url.path else answer
        return httpx.Response(200, stream=httpx.ByteStream(content))

    client = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **given: client(transport=httpx.MockTransport(reply), **given))
    ended, told = nodes.run("a", "compare", "http://other/", "--key", theirs["verifier_keys"][0])
    assert (told["view"], failed(told)) == ("unknown", codes), "b is ahead, and does not prove how its log begins"
    assert (ended, told["steps"][3]["verdict"]) == ((1, "FAILED") if codes else (0, "INDETERMINATE"))
