"""Routes of the journal, under `/journal/`."""

from django.urls import path

from allotment.journal import pages

app_name = "journal"
urlpatterns = [
    path("", pages.entries, name="entries"),
    path("evidence/", pages.evidence_pack, name="evidence"),
    path("<int:ticket>/", pages.one_entry, name="entry"),
    path("<int:ticket>/proof/", pages.proof_of_entry, name="proof"),
]
