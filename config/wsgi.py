"""The WSGI application that gunicorn serves."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
# All that is loaded by now stays; a collector that looks through it again makes a request wait a tenth of a second.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
