"""The messages of an association as rows: who said what to whom, never about whom."""

from datetime import datetime

from pydicom.uid import UID
from pynetdicom import evt

from ..core import plural

ACSE = {"A_ASSOCIATE": "A-ASSOCIATE", "A_RELEASE": "A-RELEASE", "A_ABORT": "A-ABORT", "A_P_ABORT": "A-P-ABORT"}


def listeners(log, us, peer):
    """Return event handlers that add a row to `log` for every message of the two; none where `log` is None.

    Rows have the keys time, sender, receiver, message, context, status. Values of data sets never get there.
    """
    if log is None:
        return []
    return [
        (getattr(evt, f"EVT_{layer}_{verb}"), _add, [log, describe, way])
        for layer, describe in (("ACSE", _negotiation), ("DIMSE", _message))
        for verb, way in (("SENT", (us, peer)), ("RECV", (peer, us)))
    ]


def _add(event, log, describe, way):
    message, context, status = describe(event)
    row = {"time": datetime.now(), "sender": way[0], "receiver": way[1]}
    log.append(row | {"message": message, "context": context, "status": status})


def _negotiation(event):
    primitive = event.primitive
    name, result = ACSE.get(type(primitive).__name__, "?"), getattr(primitive, "result", None)
    if name == "A-ASSOCIATE":
        ending = "RQ" if result is None else "AC" if result == 0 else "RJ"
        proposed = primitive.presentation_context_definition_list
        if ending == "RQ":
            return f"{name}-RQ", plural(len(proposed), "presentation context"), None
        accepted = sum(item.result == 0 for item in primitive.presentation_context_definition_results_list)
        return f"{name}-{ending}", f"{accepted} accepted" if ending == "AC" else None, None
    if name == "A-RELEASE":
        return f"{name}-{'RQ' if result is None else 'RP'}", None, None
    return name, None, None


def _message(event):
    message = event.message
    name = type(message).__name__.replace("_", "-")
    return name, _context(event), message.command_set.get("Status")


def _context(event):
    """Return the presentation context of a message in words: abstract and transfer syntax."""
    number = event.message.context_id
    for context in event.assoc.accepted_contexts:
        if context.context_id == number:
            return f"{context.abstract_syntax.name} · {UID(context.transfer_syntax[0]).name}"
    return None
