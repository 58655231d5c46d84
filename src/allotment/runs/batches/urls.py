"""Routes of batches."""

from django.urls import path

from allotment.runs.batches import pages, row_pages

app_name = "batches"
urlpatterns = [
    path("apps/<slug:slug>/many/", pages.many, name="many"),
    path("apps/<slug:slug>/many/template.<slug:kind>", pages.template, name="template"),
    path("apps/<slug:slug>/many/<uuid:sheet_id>/", pages.match, name="match"),
    path("runs/<uuid:run_id>/rows/", pages.of_run, name="of_run"),
    path("batches/<uuid:batch_id>/", pages.detail, name="detail"),
    path("batches/<uuid:batch_id>/progress/", pages.progress, name="progress"),
    path("batches/<uuid:batch_id>/rows/", row_pages.rows, name="rows"),
    path("batches/<uuid:batch_id>/rows/<int:number>/receipt/", row_pages.receipt, name="receipt"),
    path(
        "batches/<uuid:batch_id>/rows/<int:number>/receipt/file/",
        row_pages.receipt_of_row,
        name="receipt_file",
    ),
    path("batches/<uuid:batch_id>/<slug:what>/", pages.act, name="act"),
    path("batches/<uuid:batch_id>/results.<slug:kind>", pages.results, name="results"),
]
