"""Routes of apps, starters and reviews."""

from django.urls import include, path

from allotment.microapps.pages import about, gallery, listing, reviews, settings, sharing, versions

app_name = "microapps"
urlpatterns = [
    path("", listing.home, name="home"),
    path("apps/", listing.apps, name="apps"),
    path("apps/describe/", gallery.describe, name="describe"),
    path("starters/", gallery.starters, name="starters"),
    path("starters/<slug:name>/", gallery.starter, name="starter"),
    path("apps/<slug:slug>/about/", about.about, name="about"),
    path("apps/<slug:slug>/yaml/", about.yaml, name="yaml"),
    path("apps/<slug:slug>/copy/", about.copy, name="copy"),
    path("apps/<slug:slug>/fix/", settings.fix, name="fix"),
    path("apps/<slug:slug>/settings/", settings.settings, name="settings"),
    path("apps/<slug:slug>/hand-over/", settings.hand_over, name="hand_over"),
    path("apps/<slug:slug>/park/", settings.park, name="park"),
    path("apps/<slug:slug>/restore/", settings.restore, name="restore"),
    path("apps/<slug:slug>/publish/", sharing.publish, name="publish"),
    path("apps/<slug:slug>/withdraw/", sharing.withdraw, name="withdraw"),
    path("apps/<slug:slug>/versions/", versions.versions, name="versions"),
    path("apps/<slug:slug>/versions/<int:number>/", versions.version_diff, name="version_diff"),
    path("apps/<slug:slug>/versions/<int:number>/roll-back/", versions.roll_back, name="roll_back"),
    path("reviews/", reviews.reviews, name="reviews"),
    path("reviews/<uuid:review_id>/", reviews.review, name="review"),
    path("", include("allotment.microapps.building_urls")),
]
