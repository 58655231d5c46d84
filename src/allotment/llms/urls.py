"""Routes of models and connections, under `/models/`."""

from django.urls import path

from allotment.llms import connection_pages, pages

app_name = "llms"
urlpatterns = [
    path("", pages.models, name="models"),
    path("connect/", connection_pages.choose_kind, name="choose_kind"),
    path("connect/ollama/", connection_pages.connect_ollama, name="connect_ollama"),
    path("connect/<slug:kind>/", connection_pages.connect, name="connect"),
    path("connections/<uuid:connection_id>/", connection_pages.connection, name="connection"),
    path(
        "connections/<uuid:connection_id>/change/",
        connection_pages.change_credential,
        name="change_credential",
    ),
    path("connections/<uuid:connection_id>/check/", connection_pages.check, name="check"),
    path("connections/<uuid:connection_id>/disconnect/", connection_pages.disconnect, name="disconnect"),
    path("<uuid:model_id>/", pages.model, name="model"),
    path("<uuid:model_id>/terms/", pages.set_terms, name="set_terms"),
    path("<uuid:model_id>/stand-ins/", pages.set_stand_ins, name="set_stand_ins"),
    path("<uuid:model_id>/on/", pages.turn_on, name="turn_on"),
    path("<uuid:model_id>/off/", pages.turn_off, name="turn_off"),
    path("<uuid:model_id>/default/", pages.make_default, name="make_default"),
    path("<uuid:model_id>/hello/", pages.say_hello, name="say_hello"),
]
