"""Echo: the smallest node there is.

labkit maelstrom test -w echo --bin labkit --node-count 1 -- maelstrom serve labkit.maelstrom.samples.echo:EchoNode
"""

from typing import Any

from labkit import Message, Node, on


class Echo(Message):
    echo: Any


class EchoOk(Message):
    echo: Any


class EchoNode(Node):
    @on(Echo)
    def echo(self, msg, sender):
        return EchoOk(echo=msg.echo)
