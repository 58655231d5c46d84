"""What every page may show around its content: the navigation of the person who looks at it."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, get_language_bidi

from allotment.web import navigation


def page(request: HttpRequest) -> dict[str, object]:
    """Return the context of the page frame; links are worked out only where a template shows them."""
    return {
        "page_language": get_language() or settings.LANGUAGE_CODE,
        "page_direction": "rtl" if get_language_bidi() else "ltr",
        "main_links": SimpleLazyObject(lambda: navigation.links(request)),
        "person_links": SimpleLazyObject(lambda: navigation.links(request, navigation.Place.PERSON)),
    }
