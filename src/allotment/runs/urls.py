"""Routes of runs."""

from django.urls import path

from allotment.runs import call_pages, output_pages, pages, receipt_pages

app_name = "runs"
urlpatterns = [
    path("apps/<slug:slug>/", pages.run, name="run"),
    path("apps/<slug:slug>/try/", pages.trial, name="trial"),
    path("apps/<slug:slug>/results/", pages.results, name="results"),
    path("runs/", pages.all_results, name="all_results"),
    path("runs/<uuid:run_id>/", pages.detail, name="detail"),
    path("runs/<uuid:run_id>/outcome/", pages.outcome, name="outcome"),
    path("runs/<uuid:run_id>/cancel/", pages.cancel, name="cancel"),
    path("runs/<uuid:run_id>/receipt/", receipt_pages.receipt, name="receipt"),
    path("runs/<uuid:run_id>/receipt/file/", receipt_pages.file, name="receipt_file"),
    path("runs/<uuid:run_id>/report.<slug:kind>", output_pages.report, name="report"),
    path("runs/<uuid:run_id>/<int:place>/table.<slug:kind>", output_pages.table, name="table"),
    path("runs/<uuid:run_id>/<int:place>/chart-<slug:look>", output_pages.chart, name="chart"),
    path("calls/<uuid:call_id>/", call_pages.call, name="call"),
    path("calls/<uuid:call_id>/file/", call_pages.file, name="call_file"),
    path("runs/verify_journal.py", receipt_pages.verifier, name="verifier"),
]
