"""Routes of the builder."""

from django.urls import path

from allotment.microapps.pages import about

urlpatterns = [path("apps/<slug:slug>/build/", about.about, name="build")]
