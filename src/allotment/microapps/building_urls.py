"""Routes of the builder. A step's name cannot be a part's: steps have their own address."""

from django.urls import path

from allotment.microapps.building import pages

urlpatterns = [
    path("apps/<slug:slug>/build/", pages.build, name="build"),
    path("apps/<slug:slug>/build/add/", pages.add, name="build_add"),
    path("apps/<slug:slug>/build/order/", pages.order, name="build_order"),
    path("apps/<slug:slug>/build/fix/", pages.fix, name="build_fix"),
    path("apps/<slug:slug>/build/version/", pages.version, name="build_version"),
    path("apps/<slug:slug>/build/leave-out/", pages.leave_out, name="build_leave_out"),
    path("apps/<slug:slug>/build/edit/<slug:part>/", pages.part, name="build_part"),
    path("apps/<slug:slug>/build/steps/<slug:name>/", pages.step, name="build_step"),
    path("apps/<slug:slug>/build/steps/<slug:name>/move/", pages.move, name="build_move"),
    path("apps/<slug:slug>/build/steps/<slug:name>/remove/", pages.remove, name="build_remove"),
]
