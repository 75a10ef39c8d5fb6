"""What every protected record in the console has in common: it is read here and changed by actions only."""

from typing import Any

from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator


class ReadOnlyAdmin(ModelAdmin):
    """No add, no change, no delete, no bulk delete; a list is never counted as a whole."""

    actions = None
    paginator = InfinitePaginator
    show_full_result_count = False
    list_fullwidth = True
    compressed_fields = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
