"""Routes of records."""

from django.urls import path

from allotment.records import pages

app_name = "records"
urlpatterns = [
    path("apps/<slug:slug>/records/", pages.collections, name="collections"),
    path("apps/<slug:slug>/records/<slug:collection>/", pages.collection, name="collection"),
    path("apps/<slug:slug>/records/<slug:collection>/file/<slug:kind>/", pages.file, name="file"),
    path("apps/<slug:slug>/records/<uuid:record_id>/correct/", pages.correct, name="correct"),
    path("apps/<slug:slug>/records/<uuid:record_id>/remove/", pages.remove, name="remove"),
]
