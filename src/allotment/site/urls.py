"""The map of pages. Each feature brings its own routes; each route names its authority."""

from django.urls import include, path

urlpatterns = [
    path("", include("allotment.web.urls")),
    path("", include("allotment.people.urls")),
    path("journal/", include("allotment.journal.urls")),
    path("policies/", include("allotment.policies.urls")),
    path("models/", include("allotment.llms.urls")),
    path("templates/", include("allotment.prompts.urls")),
    path("sheets/", include("allotment.sheets.urls")),
    path("", include("allotment.microapps.urls")),
    path("", include("allotment.records.urls")),
    path("", include("allotment.runs.batches.urls")),
    path("", include("allotment.runs.urls")),
]

handler400 = "allotment.web.pages.refused"
handler403 = "allotment.web.pages.refused"
handler404 = "allotment.web.pages.not_found"
handler500 = "allotment.web.pages.failed"
