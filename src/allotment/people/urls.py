"""Routes of people, spaces and accounts, and the three of allauth that we use, under the names it expects."""

from allauth.account import views as allauth_views
from django.urls import include, path

from allotment.people.api_keys import overseeing
from allotment.people.api_keys import pages as keys
from allotment.people.pages import account, listing, spaces

_people = [
    path("people/", listing.people, name="people"),
    path("people/invite/", listing.invite, name="invite"),
    path("people/<uuid:person_id>/", listing.person, name="person"),
    path("people/<uuid:person_id>/roles/", listing.set_roles, name="set_roles"),
    path("people/<uuid:person_id>/spaces/", listing.set_spaces, name="set_spaces"),
    path("people/<uuid:person_id>/link/", listing.hand_link, name="hand_link"),
    path("people/<uuid:person_id>/deactivate/", listing.deactivate, name="deactivate"),
    path("people/<uuid:person_id>/bring-back/", listing.bring_back, name="bring_back"),
    path("spaces/", spaces.spaces, name="spaces"),
    path("spaces/new/", spaces.new_space, name="new_space"),
    path("spaces/<uuid:space_id>/", spaces.space, name="space"),
    path("spaces/<uuid:space_id>/change/", spaces.change_space, name="change_space"),
    path("spaces/<uuid:space_id>/members/", spaces.set_members, name="set_members"),
    path("account/", account.account, name="account"),
    path("account/api-keys/", keys.keys, name="keys"),
    path("account/api-keys/new/", keys.make_key, name="make_key"),
    path("account/api-keys/<uuid:key_id>/calls/", keys.calls, name="calls"),
    path("account/api-keys/<uuid:key_id>/free-words/", keys.ask_free_form, name="ask_free_form"),
    path("account/api-keys/<uuid:key_id>/revoke/", keys.revoke_key, name="revoke_key"),
    path("api-keys/", overseeing.all_keys, name="all_keys"),
    path("api-keys/<uuid:key_id>/grant/", overseeing.grant, name="grant_free_form"),
    path("api-keys/<uuid:key_id>/decline/", overseeing.decline, name="decline_free_form"),
    path("api-keys/<uuid:key_id>/withdraw/", overseeing.withdraw, name="withdraw_free_form"),
    path("set-up/<str:secret>/", account.set_up, name="set_up"),
]

urlpatterns = [
    path("", include((_people, "people"))),
    path("sign-in/", allauth_views.login, name="account_login"),
    path("sign-out/", allauth_views.logout, name="account_logout"),
    path("account/password/", allauth_views.password_change, name="account_change_password"),
]
