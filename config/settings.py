"""Holdgate settings: one file, the environment is read here once and nowhere else.

Business thresholds do not live here: they are in workflow_definitions, editable in the console.
"""

import logging
import re
import sys
from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.FileAwareEnv()
if (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")

DATA_DIR = Path(env("DATA_DIR", default=str(BASE_DIR / "data"))).resolve()
if "SECRET_KEY" not in env.ENVIRON:
    # A copy that `make run` started leaves its settings beside its data: manage.py works on it by hand.
    for name in ("dev.env", "netsuite-demo.env"):
        if (DATA_DIR / name).exists():
            env.read_env(DATA_DIR / name)

DEBUG = env.bool("DEBUG", False)
TESTING = "pytest" in sys.modules
# Production is the default; `make run` sets DEVELOPMENT and gets throw-away secrets.
DEVELOPMENT = env.bool("DEVELOPMENT", TESTING)

_UNSAFE = "unsafe-development-only-"
SECRET_KEY = env("SECRET_KEY", default=_UNSAFE + "secret-key" if DEVELOPMENT else environ.Env.NOTSET)
PIN_PEPPER = env("PIN_PEPPER", default=_UNSAFE + "pepper" if DEVELOPMENT else environ.Env.NOTSET)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"] if DEVELOPMENT else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
LANGUAGE_CODE = "en-us"
TIME_ZONE_BUSINESS = env("TIME_ZONE_BUSINESS", default="America/New_York")
BASE_CURRENCY = env("BASE_CURRENCY", default="USD")
# A person may decide what they proposed themselves; recorded on the decision.
SOLO_OPERATOR = env.bool("SOLO_OPERATOR", False)

INSTALLED_APPS = [
    "config.apps.HoldgateConfig",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_htmx",
    "django_q",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "knox",
    "csp",
    "simple_history",
    "netsuite.apps.NetsuiteConfig",
    "customers.apps.CustomersConfig",
    "workflows.apps.WorkflowsConfig",
    "disputes.apps.DisputesConfig",
    "holds.apps.HoldsConfig",
    "orders.apps.OrdersConfig",
    "anomalies.apps.AnomaliesConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.ConsolePolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "config.middleware.RefusalMiddleware",
    "config.middleware.IdempotencyMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'holdgate.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE and WAL: read-then-write transactions never meet "database is locked" half-way.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"].setdefault("CONN_MAX_AGE", 60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# PostgreSQL keeps the plans of the statements asked all day. Off behind a pooler that loses them (docs/operate.md).
PREPARED_STATEMENTS = env.bool("PREPARED_STATEMENTS", default=True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- sign-in ---------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Decisions of risk 4 ask for the password again when the sign-in is older than this.
REAUTHENTICATE_AFTER_SECONDS = 30 * 60

# --- transport security ------------------------------------------------------------------------
HTTPS = env.bool("HTTPS", not DEVELOPMENT)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", False) else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
# The console's theme needs Alpine's eval and inline styles; only its pages get this policy.
CSP_CONSOLE = {"script-src": [SELF, "'unsafe-eval'", "'unsafe-inline'"], "style-src": [SELF, "'unsafe-inline'"]}

# --- files -------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "templates" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": DATA_DIR / "files"}},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEVELOPMENT
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

# --- mail --------------------------------------------------------------------------------------
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 20
# Where people open the console, for links in mails to them; empty: no links.
PUBLIC_URL = env("PUBLIC_URL", default="").rstrip("/")
DEFAULT_FROM_EMAIL = env("MAIL_FROM", default="Accounts receivable <ar@holdgate.example>")
# incoming: the mailbox, and whose authentication results count (empty: the mailbox's own server)
IMAP_URL = env("IMAP_URL", default="")
IMAP_TIMEOUT = 20
MAIL_TRUSTED_HOSTS = env.list("MAIL_TRUSTED_HOSTS", default=[])
COMPANY_NAME = env("COMPANY_NAME", default="Keystone Wholesale")
COMPANY_PHONE = env("COMPANY_PHONE", default="+1 555 0142")

# --- NetSuite ----------------------------------------------------------------------------------
NETSUITE_ACCOUNT = env("NETSUITE_ACCOUNT", default="")
NETSUITE_BASE_URL = env("NETSUITE_BASE_URL", default="").rstrip("/")
NETSUITE_AUTH = env("NETSUITE_AUTH", default="oauth2")
NETSUITE_CLIENT_ID = env("NETSUITE_CLIENT_ID", default="")
NETSUITE_CERTIFICATE_ID = env("NETSUITE_CERTIFICATE_ID", default="")
NETSUITE_PRIVATE_KEY_FILE = env("NETSUITE_PRIVATE_KEY_FILE", default="")
NETSUITE_CONSUMER_KEY = env("NETSUITE_CONSUMER_KEY", default="")
NETSUITE_CONSUMER_SECRET = env("NETSUITE_CONSUMER_SECRET", default="")
NETSUITE_TOKEN_ID = env("NETSUITE_TOKEN_ID", default="")
NETSUITE_TOKEN_SECRET = env("NETSUITE_TOKEN_SECRET", default="")
# Which sales orders count as on credit hold: A pending approval of a customer on credit hold, B a flag on the
# order, C every open order of a customer whose hold is ON.
ORDERS_ON_HOLD = env("ORDERS_ON_HOLD", default="A")
ORDERS_ON_HOLD_FIELD = env("ORDERS_ON_HOLD_FIELD", default="custbody_credit_hold")
NETSUITE_HOLD_FIELD = env("NETSUITE_HOLD_FIELD", default="creditHoldOverride")
# A checkbox of NetSuite's customer that says Yes to our hold on provisioning; empty: the hold is kept here alone.
NETSUITE_PROVISIONING_HOLD_FIELD = env("NETSUITE_PROVISIONING_HOLD_FIELD", default="")
# The item on the line of a credit memo, by its internal id; NetSuite asks for one.
NETSUITE_CREDIT_ITEM = env("NETSUITE_CREDIT_ITEM", default="")
NETSUITE_CONCURRENCY = env.int("NETSUITE_CONCURRENCY", 5)
NETSUITE_TIMEOUT_SECONDS = env.int("NETSUITE_TIMEOUT_SECONDS", 40)
# The lease outlives the longest attempt, so a live worker is never taken over.
PUSH_LEASE_SECONDS = env.int("PUSH_LEASE_SECONDS", 120)
PUSH_BACKOFF_SECONDS = env.list("PUSH_BACKOFF_SECONDS", cast=int, default=[30, 120, 480])
PUSH_DRAIN_SECONDS = env.int("PUSH_DRAIN_SECONDS", 900)

# --- automatic provisioning: where providers may be -------------------------------------------------
# Exact names, or ".example.com" for a domain with all below it; empty: nowhere.
PROVISIONING_ALLOWED_HOSTS = env.list("PROVISIONING_ALLOWED_HOSTS", default=[])
PROVISIONING_ALLOWED_PORTS = env.list("PROVISIONING_ALLOWED_PORTS", cast=int, default=[443])
# The endpoint of the demo and the tests is on this machine; outside DEVELOPMENT this has no effect.
PROVISIONING_ALLOW_LOOPBACK = env.bool("PROVISIONING_ALLOW_LOOPBACK", False)

# --- language model: optional, any OpenAI-compatible endpoint; empty address: none ------------------
LLM_BASE_URL = env("LLM_BASE_URL", default="")
LLM_API_KEY = env("LLM_API_KEY", default="")
LLM_MODEL = env("LLM_MODEL", default="")
LLM_TIMEOUT_SECONDS = env.float("LLM_TIMEOUT_SECONDS", 20.0)
# Calls a day (UTC) of triage and drafts together; above it the embedded classifier and the templates do.
LLM_DAILY_CALLS = env.int("LLM_DAILY_CALLS", 2000)
LLM_MONTHLY_CALLS = env.int("LLM_MONTHLY_CALLS", 20_000)

# --- background work: the outbox is the queue, q2 only rings the bell -----------------------------
Q_CLUSTER = {
    "name": "holdgate",
    "orm": "default",
    "workers": 2,
    "queue_limit": 2,
    "bulk": 1,
    "timeout": 60,
    "retry": 180,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "recycle": 100,
    "poll": 1,
    "save_limit": 1000,
    "time_zone": "UTC",
    "label": "Background work",
}

# --- API ---------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.api_defaults.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "config.api_defaults.NewestFirst",
    "PAGE_SIZE": 50,
    "DEFAULT_FILTER_BACKENDS": ["config.api_defaults.AllowListedFilters"],
    "DEFAULT_SCHEMA_CLASS": "config.api_docs.HonestSchema",
    "EXCEPTION_HANDLER": "config.api_defaults.answer_exception",
    "COERCE_DECIMAL_TO_STRING": True,
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": None,
}
REST_KNOX = {
    "SECURE_HASH_ALGORITHM": "hashlib.sha512",
    "AUTO_REFRESH": False,
    "TOKEN_LIMIT_PER_USER": None,
    "AUTH_HEADER_PREFIX": "Token",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Holdgate API",
    "DESCRIPTION": "Credit holds, proposals, drafts and pushes. Money is a decimal string with its currency beside it.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "ProposalStatusEnum": "workflows.models.proposals.STATES",
        "HoldSourceEnum": "holds.rules.HOLD_SOURCES",
        "AlertStatusEnum": "anomalies.models.alerts.STATES",
        "CardStateEnum": "anomalies.cards.base.STATE_CHOICES",
        "AlertScopeEnum": "anomalies.models.metrics.SCOPES",
        "ReleaseScopeEnum": "orders.models.Release.SCOPES",
        "TenderEnum": "holds.models.overrides.TENDERS",
        "OrderSourceEnum": "orders.models.Order.SOURCES",
        "DisputeSourceEnum": "disputes.models.Dispute.SOURCES",
        "InboundSourceEnum": "disputes.models.InboundEmail.SOURCES",
        "InboundStatusEnum": "disputes.models.InboundEmail.STATES",
    },
}
DRF_STANDARDIZED_ERRORS = {"ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS": True}

# --- history: reverting would bypass the actions -------------------------------------------------
SIMPLE_HISTORY_REVERT_DISABLED = True
SIMPLE_HISTORY_ENFORCE_HISTORY_MODEL_PERMISSIONS = True

_BELL = re.compile(r"^(Enqueued|Processed) |^Process-\S+ (processing|created)")


def _is_no_bell(record: logging.LogRecord) -> bool:
    return record.levelno > logging.INFO or not _BELL.search(record.getMessage())


SILENCED_SYSTEM_CHECKS: list[str] = []
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    # A line for each ring of the bell says nothing; the outcome stands in the tables.
    "filters": {"no_bell": {"()": "django.utils.log.CallbackFilter", "callback": _is_no_bell}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {"django-q": {"filters": ["no_bell"]}},
}

from config.console import UNFOLD  # noqa: E402, F401  the console's menu and colours
