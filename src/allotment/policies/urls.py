"""Routes of the rules."""

from django.urls import path

from allotment.policies import pages

app_name = "policies"
urlpatterns = [path("", pages.rules, name="rules")]
