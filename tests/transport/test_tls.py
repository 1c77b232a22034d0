"""TLS between nodes: who has no certificate, or another one's, is refused and told apart."""

import asyncio
import logging
import ssl
import stat

import pytest
from click.testing import CliRunner

from labkit import LabkitError, Message, Node, on
from labkit.cli import main
from labkit.transport.frames import VERSION, Hello, greeting
from labkit.transport.node import TcpNode
from labkit.transport.tls import Tls


class Ping(Message):
    n: int


class Player(Node):
    def start(self):
        self.got = 0
        self.broadcast(Ping(n=1))

    @on(Ping)
    def ping(self, msg, sender):
        self.got += msg.n


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    for name, ids in (("ours", ["n1", "n2"]), ("theirs", ["n2"])):
        assert CliRunner().invoke(main, ["certificates", str(folder / name), *ids]).exit_code == 0
    return folder


async def until(condition, seconds=15.0):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)


def node(id, peers, tls):
    made = TcpNode(Player, id, peers, tls=tls)
    made.listen()
    return made


def test_nodes_of_one_authority_talk(certificates):
    async def scenario():
        one = node("n1", {"n2": ("127.0.0.1", 0)}, Tls(certificates / "ours", "n1"))
        two = node("n2", {"n1": one.endpoint.address}, Tls(certificates / "ours", "n2"))
        one.endpoint.addresses["n2"] = two.endpoint.address
        one.start()
        two.start()
        await until(lambda: one.host.process.node.got and two.host.process.node.got)
        (connection,) = [c for c in one.endpoint.connections if c.queue is not None]
        assert connection.transport.get_extra_info("ssl_object").version() == "TLSv1.3"
        await one.close()
        await two.close()

    asyncio.run(scenario())


def refused(caplog, one_tls, two_tls, *reasons, claims="n2"):
    """Node n2 dials n1; the log must tell why that came to nothing."""

    async def scenario():
        one = node("n1", {claims: ("127.0.0.1", 1)}, one_tls)
        two = node(claims, {"n1": one.endpoint.address}, two_tls)
        one.start()
        two.start()
        await until(lambda: all(any(part in caplog.text for part in reason) for reason in reasons))
        assert not two.endpoint.queues["n1"].connection and not one.host.process.node.got
        await one.close()
        await two.close()

    caplog.set_level(logging.INFO)
    asyncio.run(scenario())


def test_another_authority_s_certificate_is_refused(certificates, caplog):
    ours, theirs = Tls(certificates / "ours", "n1"), Tls(certificates / "theirs", "n2")
    refused(caplog, ours, theirs, ["its certificate does not hold", "unknown ca"])


def test_a_certificate_for_another_id_is_refused(certificates, caplog):
    ours, stolen = Tls(certificates / "ours", "n1"), Tls(certificates / "ours", "n2")
    reason = "it calls itself n3, but its certificate is for n2"
    refused(caplog, ours, stolen, ["refused 127.0.0.1"], [reason], claims="n3")


def test_who_dials_an_impostor_finds_out(certificates, caplog):
    async def scenario():
        impostor = node("n3", {}, Tls(certificates / "ours", "n2"))
        one = node("n1", {"n3": impostor.endpoint.address}, Tls(certificates / "ours", "n1"))
        one.start()
        await until(lambda: "n1 cannot connect to n3: it calls itself n3, but its certificate is for n2" in caplog.text)
        await one.close()
        await impostor.close()

    asyncio.run(scenario())


def test_a_peer_without_tls_is_refused(certificates, caplog):
    refused(caplog, Tls(certificates / "ours", "n1"), None, ["n1 refused 127.0.0.1"])


def test_a_peer_without_a_certificate_is_refused(certificates, caplog):
    async def scenario():
        one = node("n1", {}, Tls(certificates / "ours", "n1"))
        one.start()
        context = ssl.create_default_context(cafile=certificates / "ours" / "ca.pem")
        context.check_hostname = False
        try:
            reader, writer = await asyncio.open_connection(*one.endpoint.address, ssl=context)
            writer.write(greeting(Hello(VERSION, "n2", "n1")))
            assert await asyncio.wait_for(reader.read(), 10) == b""
        except (ssl.SSLError, ConnectionError):
            pass
        await until(lambda: "peer did not return a certificate" in caplog.text)
        assert not one.endpoint.reaches("n2")
        writer.close()
        await one.close()

    asyncio.run(scenario())


def test_an_older_tls_is_refused(certificates, caplog):
    async def scenario():
        one = node("n1", {}, Tls(certificates / "ours", "n1"))
        one.start()
        context = ssl.create_default_context(cafile=certificates / "ours" / "ca.pem")
        context.check_hostname, context.maximum_version = False, ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(certificates / "ours" / "n2.pem", certificates / "ours" / "n2.key")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection(*one.endpoint.address, ssl=context)
        await until(lambda: "unsupported protocol" in caplog.text)
        await one.close()

    asyncio.run(scenario())


def test_certificates_are_made_and_added_to(tmp_path):
    folder = tmp_path / "lab"
    run = CliRunner().invoke
    assert run(main, ["certificates", str(folder), "n1"]).exit_code == 0
    authority = (folder / "ca.pem").read_bytes()
    assert run(main, ["certificates", str(folder), "c1"]).exit_code == 0
    assert (folder / "ca.pem").read_bytes() == authority
    assert sorted(path.name for path in folder.iterdir()) == [
        "c1.key",
        "c1.pem",
        "ca.key",
        "ca.pem",
        "n1.key",
        "n1.pem",
    ]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.glob("*.key"))
    for id in ("n1", "c1"):
        Tls(folder, id)
    (folder / "ca.key").unlink()
    assert "cannot be signed" in run(main, ["certificates", str(folder), "n2"]).output
    assert "cannot be in a certificate" in run(main, ["certificates", str(folder), "../n2"]).output


def test_missing_certificates_are_named_with_the_command_that_makes_them(tmp_path):
    with pytest.raises(LabkitError, match=r"ca.pem is not there: `labkit certificates .* n1`"):
        Tls(tmp_path, "n1")
    for name in ("ca.pem", "n1.pem", "n1.key"):
        (tmp_path / name).write_text("no certificate")
    with pytest.raises(LabkitError, match="cannot be used"):
        Tls(tmp_path, "n1")
