"""Routes of the rules."""

from django.urls import path

from allotment.policies import pages
from allotment.policies.budgets import pages as budgets

app_name = "policies"
urlpatterns = [
    path("", pages.rules, name="rules"),
    path("budgets/", budgets.budgets, name="budgets"),
    path("budgets/mine/", budgets.my_budgets, name="my_budgets"),
    path("budgets/new/<str:scope>/", budgets.new_budget, name="new_budget"),
    path("budgets/<uuid:budget_id>/", budgets.budget, name="budget"),
    path("budgets/<uuid:budget_id>/change/", budgets.change_budget, name="change_budget"),
    path("budgets/<uuid:budget_id>/remove/", budgets.remove_budget, name="remove_budget"),
]
