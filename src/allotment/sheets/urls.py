"""Routes of sheets."""

from django.urls import path

from allotment.sheets import pages

app_name = "sheets"
urlpatterns = [
    path("", pages.bring, name="bring"),
    path("<uuid:sheet_id>/", pages.preview, name="preview"),
    path("<uuid:sheet_id>/kinds/", pages.correct, name="correct"),
    path("<uuid:sheet_id>/read/", pages.read, name="read"),
]
