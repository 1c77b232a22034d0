"""The errors that labkit raises. Each message says what happened, where, and what to do about it."""


class LabkitError(Exception):
    """Anything that labkit refuses to do, in one sentence that a learner can act on."""


class MessageError(LabkitError):
    """A message that cannot be sent as a value: a field holds what cannot be encoded, or not what was declared."""


class UnknownNode(LabkitError):
    """A node id that is not in this cluster."""


class HandlerError(LabkitError):
    """A handler whose signature or message type labkit cannot use."""


class BudgetExceeded(LabkitError):
    """A run that went past its budget of steps: an endless loop, or a storm of messages."""


class NodeDown(LabkitError):
    """Something was asked of a node that is not running."""


class RemoteError(LabkitError):
    """What a call raises when the other node answers with an `Error`: its `code` and its `text`."""

    def __init__(self, code: int, text: str = ""):
        super().__init__(f"the answer was error {code}" + (f": {text}" if text else ""))
        self.code, self.text = code, text
