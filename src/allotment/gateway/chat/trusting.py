"""Whether what this process knows can be trusted, for answers that come from the snapshot without a question.

Invariant: the same watch decides that closes the gate, so nothing is told from facts from which nothing would be asked.
"""

from datetime import datetime

from allotment.engine.gate.ports import Watch
from allotment.engine.gate.stages import look
from allotment.engine.gate.values import Passage, Refused
from allotment.gateway.chat.bearer import Holder
from allotment.kernel.ids import new_id

_STEP = "look up"


def trouble(watch: Watch, holder: Holder, now: datetime) -> Refused | None:
    """Return why nothing can be told to this holder now, or None."""
    passage = Passage(
        actor=holder.actor,
        claims=(),
        data_class=holder.data_class,
        app=holder.key.app,
        version=None,
        space=None,
        run=new_id(),
        step=_STEP,
        expires_at=now,
        key=holder.key.id,
    )
    return look(watch, passage)
