"""Routes of the template library."""

from django.urls import path

from allotment.prompts import deciding_pages, pages, writing_pages

app_name = "prompts"
urlpatterns = [
    path("", pages.library, name="list"),
    path("new/", writing_pages.new, name="new"),
    path("import/", writing_pages.import_file, name="import"),
    path("<slug:name>/", pages.template, name="template"),
    path("<slug:name>/<int:number>/", pages.template, name="version"),
    path("<slug:name>/<int:number>/try/", pages.try_wording, name="try"),
    path("<slug:name>/<int:number>/changes/<int:since>/", pages.changes, name="changes"),
    path("<slug:name>/<int:number>/export/<slug:tool>/", pages.export_file, name="export"),
    path("<slug:name>/<int:number>/draft/", writing_pages.start_draft, name="start-draft"),
    path("<slug:name>/<int:number>/edit/", writing_pages.edit, name="edit"),
    path("<slug:name>/<int:number>/decide/", deciding_pages.decide_version, name="decide"),
    path("<slug:name>/<int:number>/recall/", deciding_pages.recall_version, name="recall"),
    path("<slug:name>/<int:number>/retire/", deciding_pages.retire_version, name="retire"),
]
