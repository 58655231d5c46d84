"""Django's settings, derived from `kernel.settings`. Safe by default; nothing here is read from the environment."""

from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from allotment.kernel.settings import ensure_home, settings
from allotment.site.databases import databases
from allotment.tables.receiving import MOST_BYTES

_installation = settings()
_public = urlsplit(_installation.public_url)

SECRET_KEY = _installation.secret_key
DEBUG = _installation.debug
ALLOWED_HOSTS = sorted({_public.hostname or "127.0.0.1", "127.0.0.1", "localhost"})
CSRF_TRUSTED_ORIGINS = [_installation.public_url]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django_cotton.apps.SimpleAppConfig",
    "django_htmx",
    "heroicons",
    "allotment.people",  # before allauth, whose pages it replaces
    "allauth",
    "allauth.account",
    "allotment.web",
    "allotment.keys",
    "allotment.journal",
    "allotment.policies",
    "allotment.llms",
    "allotment.prompts",
    "allotment.sheets",
    "allotment.microapps",
    "allotment.records",
    "allotment.runs",
    "allotment.runs.batches",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "allotment.web.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allotment.web.middleware.LimitedBody",
    "allotment.web.middleware.ReadableErrors",
    "allotment.policies.authority.Gatekeeper",
]

ROOT_URLCONF = "allotment.site.urls"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": False,
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "allotment.web.context.page",
            ],
            "builtins": ["django_cotton.templatetags.cotton", "allotment.web.templatetags.web"],
        },
    }
]
COTTON_DIR = "components"

DATABASES = databases(_installation)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "allotment.people.signing_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _installation.is_https
SESSION_COOKIE_NAME = "allotment_session"
CSRF_COOKIE_SECURE = _installation.is_https
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = "allotment_csrf"
CSRF_FAILURE_VIEW = "allotment.web.pages.csrf_failed"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
FILE_UPLOAD_TEMP_DIR = _installation.home / "arriving"
ensure_home(FILE_UPLOAD_TEMP_DIR)
MOST_UPLOADED_BYTES = MOST_BYTES
"""Of one file."""
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
