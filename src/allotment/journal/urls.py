"""Routes of the journal, under `/journal/`."""

from django.urls import path

from allotment.journal import pages

app_name = "journal"
urlpatterns = [path("", pages.entries, name="entries")]
