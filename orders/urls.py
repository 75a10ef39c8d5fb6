"""The till's pages."""

from django.urls import path

from orders.views import catalog, customer, order, pin, terminal

urlpatterns = [
    path("orders/new/", order.new, name="order_new"),
    path("orders/new/customers/", order.customers, name="order_customers"),
    path("orders/new/customer/", order.customer, name="order_customer"),
    path("orders/new/items/", order.items, name="order_items"),
    path("orders/new/lines/", order.add_line, name="order_lines"),
    path("orders/new/lines/<int:pk>/", order.change_line, name="order_line"),
    path("orders/new/tender/", order.set_tender, name="order_tender"),
    path("orders/new/submit/", order.submit, name="order_submit"),
    path("orders/new/hold/", order.hold, name="order_hold"),
    path("orders/new/drop/", order.drop, name="order_drop"),
    path("orders/new/pin/", pin.pad, name="order_pin"),
    path("orders/new/pin/try/", pin.enter, name="order_pin_try"),
    path("orders/new/ask/", pin.ask_form, name="order_ask"),
    path("orders/new/ask/send/", pin.ask, name="order_ask_send"),
    path("orders/new/asked/", pin.asked, name="order_asked"),
    path("orders/<uuid:key>/", order.order, name="order_page"),
    path("orders/<uuid:key>/take-back/", order.take_back, name="order_take_back"),
    path("orders/<uuid:key>/copy/", order.copy, name="order_copy"),
    path("customers/<str:netsuite_id>/", customer.page, name="customer_page"),
    path("catalog/", catalog.page, name="catalog"),
    path("catalog/add/", catalog.add, name="catalog_add"),
    path("till/", terminal.name, name="till_name"),
]
