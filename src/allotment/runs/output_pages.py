"""Pictures and files of a result."""

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from allotment.engine.actions import Action
from allotment.policies.authority import GovernedRequest, authority
from allotment.runs.pictures import picture
from allotment.runs.taking_out import TakenOut, report_file, table_file


@authority(Action.SEE_RUN)
@require_safe
def chart(request: GovernedRequest, run_id: UUID, place: int, look: str) -> HttpResponse:
    """Draw one chart of a result."""
    drawn = picture(request.actor, run_id, place, look)
    return HttpResponse(drawn.content, content_type=drawn.media_type)


@authority(Action.SEE_RUN)
@require_safe
def report(request: GovernedRequest, run_id: UUID, kind: str) -> HttpResponse:
    """Take a result out as a file."""
    return _file(report_file(request.actor, run_id, kind))


@authority(Action.SEE_RUN)
@require_safe
def table(request: GovernedRequest, run_id: UUID, place: int, kind: str) -> HttpResponse:
    """Take one table of a result out, with all its rows."""
    return _file(table_file(request.actor, run_id, place, kind))


def _file(taken: TakenOut) -> HttpResponse:
    disposition = f'attachment; filename="{taken.name}"'
    return HttpResponse(
        taken.content, content_type=taken.media_type, headers={"Content-Disposition": disposition}
    )
