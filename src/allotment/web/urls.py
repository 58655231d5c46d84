"""Routes of the design system: assets for everyone, the gallery of components for the signed-in."""

from django.urls import path

from allotment.web import pages

app_name = "web"
urlpatterns = [
    path("assets/<path:name>", pages.asset, name="asset"),
    path("gallery/", pages.gallery, name="gallery"),
]
